/**
 * A watch sees tasks end as soon as D1 has committed it. It reads the local database's file from
 * outside, so that asking costs the server nothing, and its clock need not be believed.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

/** Each look asks about the eldest of the waiting tasks, and about some of the rest in turn. */
const ELDEST = 250;
const OTHERS = 100;
/** A look without a new commit finds tasks that were not asked about at the last one. */
const LOOK_ANYWAY_MS = 50;

const READ_FINAL = `
SELECT t.id FROM json_each(?) m JOIN tasks t ON t.id = m.value
WHERE t.status IN ('SUCCESS', 'FAILURE', 'REVOKED')`;

export class Watch {
  /** Each task was first seen final at this `performance.now()`. */
  readonly ends = new Map<string, number>();
  readonly #database: DatabaseSync;
  readonly #waiting = new Set<string>();
  readonly #version: StatementSync;
  #turn = 0;

  constructor(stateFolder: string) {
    this.#database = openDatabase(stateFolder);
    this.#version = this.#database.prepare("PRAGMA data_version");
  }

  add(taskIds: readonly string[]): void {
    for (const id of taskIds) {
      this.#waiting.add(id);
    }
  }

  get ended(): number {
    return this.ends.size;
  }

  /** Looks every millisecond or so until `total` tasks have ended, or throws after the patience. */
  async until(total: number, patienceMs: number, onLook?: (ended: number) => void): Promise<void> {
    const read = this.#database.prepare(READ_FINAL);
    const giveUpAt = performance.now() + patienceMs;
    let seen: unknown;
    let lookedAt = 0;
    while (this.ended < total) {
      const version = this.#version.get()?.["data_version"];
      const now = performance.now();
      if (version !== seen || now - lookedAt > LOOK_ANYWAY_MS) {
        seen = version;
        lookedAt = now;
        this.#look(read);
        onLook?.(this.ended);
      }
      if (now > giveUpAt) {
        throw new Error(`${total - this.ended} of ${total} orders were not final in time`);
      }
      await sleep(1);
    }
  }

  #look(read: StatementSync): void {
    const waiting = [...this.#waiting];
    const others = waiting.slice(ELDEST);
    this.#turn = this.#turn + OTHERS < others.length ? this.#turn + OTHERS : 0;
    const asked = [...waiting.slice(0, ELDEST), ...others.slice(this.#turn, this.#turn + OTHERS)];
    const ended = read.all(JSON.stringify(asked));
    const now = performance.now();
    for (const { id } of ended as { id: string }[]) {
      this.ends.set(id, now);
      this.#waiting.delete(id);
    }
  }

  /** Returns the bytes of the database. */
  size(): number {
    return sizeOf(this.#database);
  }

  close(): void {
    this.#database.close();
  }
}

/** Sums the bytes of the databases of a class of Durable Objects. */
export function objectsSize(stateFolder: string, className: string): number {
  return databasesBelow(path.join(stateFolder, "v3", "do"))
    .filter((file) => path.dirname(file).endsWith(className))
    .map((file) => {
      const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
      const bytes = sizeOf(database);
      database.close();
      return bytes;
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}

function sizeOf(database: DatabaseSync): number {
  const pragma = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  return pragma("page_count") * pragma("page_size");
}

function databasesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".sqlite"))
    .map((file) => path.join(folder, file));
}

/** Opens the local D1, which is a SQLite file somewhere below the state's folder. */
export function openDatabase(stateFolder: string, { readOnly = true } = {}): DatabaseSync {
  const folder = path.join(stateFolder, "v3", "d1");
  for (const file of databasesBelow(folder)) {
    const database = new DatabaseSync(file, { readOnly, timeout: 5000 });
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'tasks'").get()) {
      return database;
    }
    database.close();
  }
  throw new Error(`No database with tasks below ${folder}`);
}
