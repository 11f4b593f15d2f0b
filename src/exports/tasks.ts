import { archivedSince } from "../archive/manifest";
import type { MergedPage } from "../archive/merge";
import { z } from "@hono/zod-openapi";
import { fitting, MAX_PAGE_BYTES, type Page, type PageKey } from "../http/paging";
import type { Engine } from "../tasks/model/engine";
import { factsOf, toExecution } from "../tasks/reading/execution";
import { TaskFilterInput } from "../tasks/reading/filter";
import type { TaskFilter } from "../tasks/reading/task-filter";
import { getTasks, type TaskView } from "../tasks/model/queries";
import { mayHaveLeft, withArchived } from "../tasks/reading/archived";
import { nextAfter } from "../tasks/reading/list";
import { countInSteps, nextTasks, passedBy } from "../tasks/reading/walk";
import { optional } from "./csv";
import { csvOf, FORMAT_NAMES, ndjsonOf } from "./formats";
import { ARCHIVE_TURNS, type ExportSource, PAGE_ARCHIVED, type WalkPage } from "./source";
import { defineExport } from "./task";

/** TaskExportInput says which tasks are exported, and in which format. */
export const TaskExportInput = z.strictObject({
  formato: z.enum(FORMAT_NAMES),
  filter: TaskFilterInput,
});
export type TaskExportInput = z.infer<typeof TaskExportInput>;

/** The columns of a CSV are fields of one value each; what is missing or unknown is empty. */
const COLUMNS = [
  "id",
  "task_id",
  "task_name",
  "task_module",
  "description",
  "pedido_id",
  "user",
  "status",
  "progress_percentage",
  "current_step",
  "attempts",
  "created_at",
  "started_at",
  "completed_at",
  "duration_seconds",
  "error_code",
  "error_message",
  "discard_reason",
  "queue_name",
  "worker_name",
  "lote",
  "template",
  "replay_of",
] as const satisfies (keyof ReturnType<typeof columnsOf>)[];
const CELLS = Object.fromEntries(COLUMNS.map((name) => [name, optional]));

function columnsOf(task: TaskView, engine: Engine) {
  return { ...factsOf(task, engine), user: task.user };
}

/** Only this many steps are counted first, as counting reads as much as walking does. */
const COUNT_STEPS = 25;
/** At most this many tasks are read whole at a time, and fewer large ones. */
const PAGE_TASKS = 200;

/** No task has a lower id: whoever goes on behind the last page finds nothing again. */
const BEFORE_ALL = "00000000-0000-7000-8000-000000000000";

type Looked = { id: string; bytes: number };

/** The export of tasks writes them in the order of their list: newest first. */
export const taskSource: ExportSource<TaskExportInput, TaskView, string> = {
  name: "exports.tasks",
  description: "Exporta las tareas de un filtro a un archivo",
  input: TaskExportInput,
  startedBy: null, // Its own route asks for another scope than running tasks needs.
  fileName: "tareas",
  formats: (engine) => ({
    csv: csvOf((task: TaskView) => columnsOf(task, engine), CELLS),
    ndjson: ndjsonOf((task: TaskView) => toExecution(task, engine)),
  }),
  walk(env, { input, createdAt }) {
    // Tasks accepted after this one are left out, so that the set does not grow under the walk.
    const before = Math.min(input.filter.before ?? createdAt, createdAt);
    const filter = { ...input.filter, before };
    return {
      count: async () =>
        (await mayHaveLeft(env.DB, filter)) ? null : countInSteps(env.DB, filter, COUNT_STEPS),
      pages: (after) => pages(env, filter, after),
      placeOf: ({ id }) => id,
    };
  },
};

export const exportTasks = defineExport(taskSource);

/**
 * Rows leave D1 while they are walked. Of each stretch the ids are looked at first, then the rows
 * are read, then the archive: what had left by then is there.
 */
async function* pages(
  env: Env,
  filter: TaskFilter & { before: number },
  after: string | null,
): AsyncGenerator<WalkPage<TaskView, string>> {
  const oldest = await archivedSince(env.DB, "accepted", filter.from);
  const passed = await passedBy(env.DB, filter, oldest);
  let place = after;
  let look: Page<Looked> | null = null;
  for (;;) {
    if (look === null || look.rows.length === 0) {
      look = await nextTasks(env.DB, filter, place === null ? null : [place]);
    }
    const found: Looked[] = look.rows;
    const some = found.slice(0, Math.min(PAGE_TASKS, fitting(found, MAX_PAGE_BYTES)));
    const ids = some.map(({ id }) => id);
    const next: PageKey | null = some.length < found.length ? ids.slice(-1) : look.next;
    const hot: Page<TaskView> = { ...look, rows: await getTasks(env.DB, ids), next };
    const cursor = place === null ? null : nextAfter([place]);
    const request = { limit: PAGE_ARCHIVED, cursor, maxBytes: MAX_PAGE_BYTES };
    const reaches = await mayHaveLeft(env.DB, filter);
    const page: MergedPage<TaskView> = reaches
      ? await withArchived(env, filter, request, "newest", hot)
      : { ...hot, damage: [] };
    const { rows, damage } = page;
    const end = String(page.next?.[0] ?? BEFORE_ALL);
    const turns = reaches ? ARCHIVE_TURNS : 1;
    if (rows.length > 0 || damage.length > 0 || page.next !== null) {
      yield { rows, end, passed: passed(page.next), damage, turns };
    }
    if (page.next === null) {
      return;
    }
    place = end;
    look = { ...look, rows: found.filter(({ id }) => id < end) };
  }
}
