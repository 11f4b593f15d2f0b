/** What people call the callers stored as "user:ID" or "key:ID"; those gone by now have no name. */
export async function namesOf(
  db: D1Database,
  callers: readonly string[],
): Promise<Map<string, string>> {
  const { results } = await db
    .prepare(
      `SELECT c.value AS caller, coalesce(u.email, k.name) AS name FROM json_each(?1) c
       LEFT JOIN users u ON c.value LIKE 'user:%' AND u.id = substr(c.value, 6)
       LEFT JOIN api_keys k ON c.value LIKE 'key:%' AND k.id = substr(c.value, 5)`,
    )
    .bind(JSON.stringify(callers))
    .all<{ caller: string; name: string | null }>();
  return new Map(results.flatMap(({ caller, name }) => (name === null ? [] : [[caller, name]])));
}

const MAX_NAMESAKES = 100;

/** The callers of that name, as stored: a person's address, or a name keys may share. */
export async function callersNamed(db: D1Database, name: string): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT 'user:' || id AS caller FROM users WHERE email = ?1
       UNION ALL SELECT 'key:' || id FROM api_keys WHERE name = ?2 LIMIT ${MAX_NAMESAKES}`,
    )
    .bind(name.toLowerCase(), name)
    .all<{ caller: string }>();
  return results.map(({ caller }) => caller);
}
