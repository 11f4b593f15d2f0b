import { env } from "cloudflare:workers";
import { allGenerations } from "../../src/archive/manifest";
import { readIndex, readMember } from "../../src/archive/read";
import type { KeptRow, TaskRecord } from "../../src/archive/record";

/** Returns every archived task as its row was, the newest copy of each. */
export async function archivedRows(): Promise<KeptRow[]> {
  const rows = new Map<string, KeptRow>();
  for (const generation of await allGenerations(env.DB, "tasks")) {
    const { members } = await readIndex(env.FILES, generation);
    for (const member of members) {
      const records = await readMember<TaskRecord>(env.FILES, generation, member);
      records.forEach(({ task, rows: { task: row } }) => rows.set(task.id, row));
    }
  }
  return [...rows.values()];
}
