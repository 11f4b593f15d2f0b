/** UsedTickets remembers used tickets until they would have expired anyway. */
export class UsedTickets {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS tickets (nonce TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID",
    );
  }

  /** Returns true the first time before the ticket's end, else false. */
  use(nonce: string, expiresAt: number, now: number): boolean {
    if (expiresAt <= now) {
      return false;
    }
    this.#sql.exec("DELETE FROM tickets WHERE expires_at <= ?", now);
    const { rowsWritten } = this.#sql.exec(
      "INSERT INTO tickets (nonce, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
      nonce,
      expiresAt,
    );
    return rowsWritten > 0;
  }
}
