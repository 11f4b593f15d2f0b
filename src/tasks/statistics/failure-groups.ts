/** A failure group puts together, by what went wrong, the failures that nobody has dealt with. */
import { Conditions } from "../../db/conditions";
import { statement } from "../../db/sql";
import { MAX_SCANNED } from "../../http/paging";
import { fold } from "../../lib/fold";
import { gist, GIST_SOURCE } from "../reading/error-gist";
import { firstIdAt } from "../../lib/ids";
import type { TaskColumns } from "../model/schema";
import { FAILED } from "../model/states";

export interface FailureFilter {
  module?: string;
  name?: string;
  /** Acceptance at or after this time, and before `before`, in Unix milliseconds. */
  from?: number;
  before?: number;
  /** The id of a task; only tasks accepted before it are asked for. */
  beforeId?: string;
}

/** FailureGroup is the failures with the same task name, error code and gist of the message. */
export interface FailureGroup {
  name: string;
  module: string;
  code: string;
  message: string;
  count: number;
  /** The time of the first failure, and of the last in `lastAt`, in Unix milliseconds. */
  firstAt: number;
  lastAt: number;
  /** The latest task of the group. */
  example: { id: string; subject: string | null };
}

export interface FailureGroups {
  /** The largest groups, at most MAX_GROUPS, with the most frequent first. */
  groups: FailureGroup[];
  /** The number of all groups. */
  kinds: number;
  failures: number;
  /** The id of the earliest task looked at, if there are more before it; else null. */
  earlier: string | null;
}

const MAX_GROUPS = 100;

interface Row extends Pick<TaskColumns, "id" | "name" | "module" | "subject"> {
  hit: number;
  code: TaskColumns["error_code"];
  message: TaskColumns["error_message"];
  at: TaskColumns["created_at"];
}

/** Groups the failures that are not discarded, among the latest 1,000 failed or cancelled tasks. */
export async function failureGroups(db: D1Database, filter: FailureFilter): Promise<FailureGroups> {
  const range = new Conditions();
  range.add(FAILED);
  if (filter.from !== undefined) {
    range.add("id >= :from", { from: firstIdAt(filter.from) });
  }
  if (filter.before !== undefined) {
    range.add("id < :before", { before: firstIdAt(filter.before) });
  }
  if (filter.beforeId !== undefined) {
    range.add("id < :beforeId", { beforeId: filter.beforeId });
  }
  const { results } = await statement(
    db,
    `SELECT *, status = 'FAILURE' AND discard_reason IS NULL AS hit FROM (
         SELECT id, status, discard_reason, name, module, subject, error_code AS code,
           ${GIST_SOURCE} AS message, coalesce(finished_at, created_at) AS at
         FROM tasks INDEXED BY tasks_failed
         WHERE ${range.sql} ORDER BY id DESC LIMIT ${MAX_SCANNED + 1})`,
    range.values,
  ).all<Row>();
  const looked = results.slice(0, MAX_SCANNED);
  const [module, name] = [filter.module, filter.name].map((text) => text && fold(text));
  const failures = looked.filter(
    (row) =>
      row.hit &&
      (module === undefined || fold(row.module) === module) &&
      (name === undefined || fold(row.name) === name),
  );
  const earlier = results.length > looked.length ? (looked.at(-1)?.id ?? null) : null;
  const groups = group(failures);
  const shown = groups.slice(0, MAX_GROUPS);
  return { groups: shown, kinds: groups.length, failures: failures.length, earlier };
}

function group(failures: readonly Row[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const { id, name, module, subject, code, message, at } of failures) {
    const key = JSON.stringify([name, code, gist(message)]);
    const known = groups.get(key);
    if (known) {
      known.count += 1;
      known.firstAt = Math.min(known.firstAt, at);
      known.lastAt = Math.max(known.lastAt, at);
    } else {
      const words = { code: code ?? "", message: gist(message) };
      const example = { id, subject };
      groups.set(key, { name, module, ...words, count: 1, firstAt: at, lastAt: at, example });
    }
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count || b.lastAt - a.lastAt);
}
