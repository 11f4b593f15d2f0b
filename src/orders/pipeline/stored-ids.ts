/** Those of the given task ids whose order is in the database: stored, and not deleted since. */
export async function tasksWithOrder(
  db: D1Database,
  tasks: readonly { id: string; subject: string | null }[],
): Promise<Set<string>> {
  const { results } = await db
    .prepare(
      `SELECT o.task_id FROM json_each(?1) t JOIN orders o ON o.id = t.value ->> 'subject'
       WHERE o.task_id = t.value ->> 'id'`,
    )
    .bind(JSON.stringify(tasks.map(({ id, subject }) => ({ id, subject }))))
    .all<{ task_id: string }>();
  return new Set(results.map((row) => row.task_id));
}
