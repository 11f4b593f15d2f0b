/** Tasks are found wherever they are: in D1, or in the archive. */
import { mayHold } from "../../archive/bloom";
import { type ArchiveEnv, findArchived } from "../../archive/find";
import type { Member } from "../../archive/index-file";
import { type MergedPage, mergePages } from "../../archive/merge";
import type { FoundRecord } from "../../archive/record";
import { mayBeArchived } from "../../archive/manifest";
import { type ArchiveWalk, walkArchive } from "../../archive/walk";
import { storedForms } from "../../caller";
import { MAX_PAGE_BYTES, type Page, type PageRequest } from "../../http/paging";
import { fold, formsOf } from "../../lib/fold";
import {
  asKept,
  batchIdOf,
  batchRange,
  firstIdAt,
  idBeside,
  isBatchId,
  isTaskId,
} from "../../lib/ids";
import { getTask, type TaskRow, type TaskView } from "../model/queries";
import { isFinal } from "../model/states";
import { gist } from "./error-gist";
import { listTasks } from "./list";
import type { Order, TaskFilter } from "./task-filter";

/**
 * Returns a task by its id, however written, or by its external id while it is in D1; null if there
 * is none. Throws a DamagedError.
 */
export async function findTask(env: ArchiveEnv, id: string): Promise<TaskView | null> {
  const task = await getTask(env.DB, id);
  const kept = asKept(id);
  if (task || !isTaskId(kept)) {
    return task;
  }
  const record = await findArchived(env, kept);
  return record && archivedView(record);
}

/** Returns an archived task as its row, and the names of its time, show it. */
function archivedView({ task, rows, archived_at: at }: FoundRecord): TaskView {
  const { user_name = null } = task as { user_name?: string | null };
  const row = rows.task as unknown as Omit<TaskRow, "user_name" | "unread">;
  const archived = { withOrder: rows.order !== null, at };
  return { ...row, user_name, unread: 0, running: null, archived };
}

/**
 * Returns a page of the list of tasks, archived ones among them. A search finds archived tasks by
 * id, by external id and by what they are about, but not by the words of an error.
 */
export async function listEverywhere(
  env: ArchiveEnv,
  filter: TaskFilter,
  request: PageRequest,
  order: Order = "newest",
  list: typeof listTasks = listTasks,
): Promise<MergedPage<TaskView>> {
  const hot = await list(env.DB, filter, request, order);
  const maxBytes = list === listTasks ? MAX_PAGE_BYTES : undefined;
  return withArchived(env, filter, { maxBytes, ...request }, order, hot);
}

/** Whether what a filter finds may be archived in part. */
export async function mayHaveLeft(db: D1Database, filter: TaskFilter): Promise<boolean> {
  const range = rangeOf(filter);
  return range !== null && (await mayBeArchived(db, { ids: range }));
}

/** With the archived ones among it, a page of a list out of D1, just read. */
export async function withArchived(
  env: ArchiveEnv,
  filter: TaskFilter,
  request: PageRequest,
  order: Order,
  hot: Page<TaskView>,
): Promise<MergedPage<TaskView>> {
  const { cursor, limit } = request;
  const isBack = cursor?.direction === "previous";
  const isUpwards = (order === "oldest") !== isBack;
  const until = isBack ? hot.previous : hot.next;
  const range = rangeOf(filter);
  if (range === null || !(await mayBeArchived(env.DB, { ids: range }))) {
    return { ...hot, damage: [] };
  }
  const [place] = until ?? [];
  if (typeof place === "string") {
    // Places behind the last row that D1 was looked at for belong to another page.
    range[isUpwards ? "before" : "from"] = isUpwards
      ? least(range.before, idBeside(place, 1))
      : most(range.from, place);
  }
  const page = await walkArchive(env, {
    order: "id",
    isUpwards,
    after: cursor?.key ?? null,
    ...range,
    mayHold: (member) => mayHoldMatch(filter, member),
    matches: (record) => matches(filter, record.rows.task as unknown as TaskRow),
    limit,
  });
  const archived = { ...page, rows: page.records.map(archivedView) };
  return mergePages(hot, archived, request, isUpwards, ({ id }) => [id]);
}

const least = (a: string | undefined, b: string) => (a !== undefined && a < b ? a : b);
const most = (a: string | undefined, b: string) => (a !== undefined && a > b ? a : b);

/**
 * Returns the range of ids that a filter leaves; null where no task of it can have ended, or where
 * it lists ids.
 */
function rangeOf(filter: TaskFilter):
  | (Pick<ArchiveWalk, "from" | "before"> & {
      from?: string;
      before?: string;
    })
  | null {
  if (filter.ids !== undefined || (filter.status !== undefined && !isFinal(filter.status))) {
    return null;
  }
  const range: { from?: string; before?: string } = {};
  const narrow = (from: string, before: string) => {
    range.from = most(range.from, from);
    range.before = least(range.before, before);
  };
  if (filter.from !== undefined) {
    range.from = firstIdAt(filter.from);
  }
  if (filter.before !== undefined) {
    range.before = firstIdAt(filter.before);
  }
  for (const text of [filter.lote, filter.search?.toLowerCase()]) {
    if (text !== undefined && isBatchId(text)) {
      const [first, last] = batchRange(text);
      narrow(first, idBeside(last, 1));
    }
  }
  const id = asKept(filter.search ?? "");
  if (isTaskId(id)) {
    narrow(id, idBeside(id, 1));
  }
  return range;
}

function mayHoldMatch(filter: TaskFilter, { statuses, names, filters }: Member): boolean {
  const { status, name, subject, search } = filter;
  const has = (bloom: string, text: string) => formsOf(text).some((form) => mayHold(bloom, form));
  return (
    (status === undefined || statuses.includes(status)) &&
    (name === undefined || names === null || names.some((each) => fold(each) === fold(name))) &&
    (subject === undefined || has(filters.orders, subject)) &&
    (search === undefined ||
      isBatchId(search.toLowerCase()) ||
      has(filters.ids, asKept(search)) ||
      has(filters.ids, search) ||
      has(filters.orders, search))
  );
}

/** Tells of an archived task what list-plan.ts asks of rows in D1. */
function matches(filter: TaskFilter, task: TaskRow): boolean {
  const { subject, user, module, name, worker, search, message } = filter;
  const isOneOf = (text: string, value: string | null) =>
    value !== null && formsOf(text).includes(value);
  const isSame = (text: string, value: string | null) => fold(text) === fold(value ?? "");
  return (
    (filter.lote === undefined || batchIdOf(task.id) === filter.lote) &&
    (filter.status === undefined || task.status === filter.status) &&
    (subject === undefined || isOneOf(subject, task.subject)) &&
    (user === undefined || (task.user !== null && storedForms(user).includes(task.user))) &&
    (module === undefined || isSame(module, task.module)) &&
    (name === undefined || isSame(name, task.name)) &&
    (worker === undefined || isSame(worker, task.worker)) &&
    (filter.discarded === undefined || filter.discarded === (task.discard_reason !== null)) &&
    (filter.codes === undefined || filter.codes.includes(task.error_code ?? "")) &&
    (message === undefined || gist(task.error_message) === message) &&
    (search === undefined ||
      task.id === asKept(search) ||
      batchIdOf(task.id) === search.toLowerCase() ||
      isOneOf(search, task.external_id) ||
      isOneOf(search, task.subject))
  );
}
