import { z } from "@hono/zod-openapi";
import { fitting, MAX_PAGE_BYTES } from "../http/paging";
import type { Engine } from "../tasks/model/engine";
import { factsOf, toExecution } from "../tasks/reading/execution";
import { TaskFilterInput } from "../tasks/reading/filter";
import type { TaskFilter } from "../tasks/reading/task-filter";
import { getTasks, type TaskView } from "../tasks/model/queries";
import { countInSteps, nextTasks, passedBy } from "../tasks/reading/walk";
import { optional } from "./csv";
import { csvOf, FORMAT_NAMES, ndjsonOf } from "./formats";
import type { ExportSource, WalkPage } from "./source";
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
  walk(db, { input, createdAt }) {
    // Tasks accepted after this one are left out, so that the set does not grow under the walk.
    const before = Math.min(input.filter.before ?? createdAt, createdAt);
    const filter = { ...input.filter, before };
    return {
      count: () => countInSteps(db, filter, COUNT_STEPS),
      pages: (after) => pages(db, filter, after),
      placeOf: ({ id }) => id,
    };
  },
};

export const exportTasks = defineExport(taskSource);

async function* pages(
  db: D1Database,
  filter: TaskFilter & { before: number },
  after: string | null,
): AsyncGenerator<WalkPage<TaskView, string>> {
  const passed = await passedBy(db, filter);
  let place = after;
  do {
    const { rows: found, next } = await nextTasks(db, filter, place === null ? null : [place]);
    for (let rest = found; rest.length > 0;) {
      const page = rest.slice(0, Math.min(PAGE_TASKS, fitting(rest, MAX_PAGE_BYTES)));
      rest = rest.slice(page.length);
      const ids = page.map(({ id }) => id);
      const end = ids.at(-1) ?? "";
      yield { rows: await getTasks(db, ids), end, passed: passed([end]) };
    }
    place = next === null ? null : String(next[0]);
    if (place !== null && place !== found.at(-1)?.id) {
      yield { rows: [], end: place, passed: passed([place]) };
    }
  } while (place !== null);
}
