import { env } from "cloudflare:workers";
import type { ArchiveIndex } from "../../src/archive/index-file";
import { describeTasks } from "../../src/archive/index-member";
import { type GenerationKey, indexKey, recordsKey } from "../../src/archive/keys";
import { enterGeneration } from "../../src/archive/manifest";
import { gzipLines } from "../../src/archive/member";
import { forgetIndexes } from "../../src/archive/read";
import type { TaskRecord } from "../../src/archive/record";
import { archiveHistory } from "../../src/archiving/task";
import type { Cursor, Page } from "../../src/http/paging";
import { sha256Hex } from "../../src/lib/hex";
import { processOrder } from "../../src/orders/pipeline/task";
import type { SingleTask } from "../../src/tasks/model/define";
import { Engine } from "../../src/tasks/model/engine";
import type { TaskView } from "../../src/tasks/model/queries";
import { isFinal } from "../../src/tasks/model/states";
import { listEverywhere } from "../../src/tasks/reading/archived";
import type { TaskFilter } from "../../src/tasks/reading/task-filter";
import { deafQueue, deliver, passWaits, storeTasks, taskOf } from "./engine";

/** Writes an object of the archive, its index and its row of the manifest, as they should be. */
export async function archive(
  { day, generation }: Omit<GenerationKey, "kind">,
  records: readonly TaskRecord[],
  perMember = 3,
): Promise<ArchiveIndex> {
  const key = { kind: "tasks", day, generation } as const;
  const sorted = records.toSorted((a, b) => (a.task.id < b.task.id ? -1 : 1));
  const members: ArchiveIndex["members"] = [];
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (let at = 0; at < sorted.length; at += perMember) {
    const some = sorted.slice(at, at + perMember);
    const piece = await gzipLines(some.map((record) => JSON.stringify(record)));
    const place = { offset: bytes, length: piece.length, sha256: await sha256Hex(piece) };
    members.push({ ...place, ...describeTasks(some) });
    pieces.push(piece);
    bytes += piece.length;
  }
  const orders = records.filter(({ order }) => order !== null).length;
  const index = { version: 1, ...key, created_at: 0, bytes, orders, totals: {}, members } as const;
  await env.FILES.put(recordsKey(key), await new Blob(pieces).arrayBuffer());
  await env.FILES.put(indexKey(key), JSON.stringify(index));
  await enterGeneration(env.DB, index, null, 0).run();
  return index;
}

/** Runs the archiving that is due until it has ended, and returns its task. */
export async function archiveNow(
  given: Env,
  definition: SingleTask<object> = archiveHistory,
): Promise<TaskView> {
  const engine = new Engine([processOrder, definition]);
  // The real queue would deliver to the real consumer beside this.
  const quiet = { ...given, QUEUE_TASKS: deafQueue };
  const [id = ""] = await storeTasks(quiet, definition, [{}]);
  for (let run = 0; run < 100; run += 1) {
    await deliver([id], quiet, engine);
    const task = await taskOf(id);
    if (isFinal(task.status)) {
      return task;
    }
    await passWaits([id]);
  }
  throw new Error("Archiving does not end");
}

/** Clears the archive, and the orders that it could have been of. */
export async function clearArchive(): Promise<void> {
  forgetIndexes();
  await env.DB.batch([
    env.DB.prepare("DELETE FROM archive_generations"),
    env.DB.prepare("DELETE FROM orders"),
  ]);
  const { objects } = await env.FILES.list({ prefix: "archive/" });
  await env.FILES.delete(objects.map(({ key }) => key));
}

/** Returns the ids of every page of the task list. */
export async function listedIds(filter: TaskFilter = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: Cursor | null = null; ;) {
    const page: Page<TaskView> = await listEverywhere(env, filter, { limit: 7, cursor });
    ids.push(...page.rows.map(({ id }) => id));
    if (page.next === null) {
      return ids;
    }
    cursor = { direction: "next", key: page.next, total: page.total };
  }
}
