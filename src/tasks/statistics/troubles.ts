/** Troubles are told from the latest failures and from the open tasks, each by one bounded look. */
import { sql } from "../../db/sql";
import { nameSql } from "../../auth/people/names";
import { MAX_SCANNED } from "../../http/paging";
import { nameMatcher } from "../../lib/fold";
import { firstIdAt } from "../../lib/ids";
import type { OpenWork } from "./open-work";
import { getTasks, type TaskView } from "../model/queries";
import type { TaskColumns } from "../model/schema";
import { FAILED } from "../model/states";

/** At most this many of the latest failed or cancelled tasks are looked at. */
const MAX_LOOKED = 250;

export interface ErrorCount {
  code: string;
  count: number;
  /** The number of these failures that nobody has discarded. */
  undiscarded: number;
  /** The message of the latest of these failures. */
  message: string;
}

export interface Failures {
  /** The failures by code, with the most frequent first. */
  errors: ErrorCount[];
  /** The last failures. */
  latest: TaskView[];
}

const LOOK = sql(`
SELECT id, code, undiscarded FROM (
  SELECT id, status, module, coalesce(error_code, '') AS code, discard_reason IS NULL AS undiscarded
  FROM tasks INDEXED BY tasks_failed WHERE ${FAILED} ORDER BY id DESC LIMIT ${MAX_LOOKED})
WHERE status = 'FAILURE' AND (:module IS NULL OR module = :module)`);

/**
 * Looks at the latest failures of a module, or of all, and returns the last `shown` of them whole.
 */
export async function lookAtFailures(
  db: D1Database,
  { shown, module }: { shown: number; module?: string },
): Promise<Failures> {
  const look = LOOK.on(db, { module: module ?? null });
  const { results } = await look.all<
    Pick<TaskColumns, "id"> & { code: string; undiscarded: number }
  >();
  const groups = [...Map.groupBy(results, ({ code }) => code)].map(([code, group]) => ({
    code,
    count: group.length,
    undiscarded: group.filter(({ undiscarded }) => undiscarded).length,
    id: group[0]?.id ?? "",
  }));
  const shownIds = results.slice(0, shown).map(({ id }) => id);
  const views = await getTasks(db, [...new Set([...shownIds, ...groups.map(({ id }) => id)])]);
  const byId = new Map(views.map((view) => [view.id, view]));
  return {
    errors: groups
      .map(({ id, ...group }) => ({ ...group, message: byId.get(id)?.error_message ?? "" }))
      .toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)),
    latest: shownIds.flatMap((id) => byId.get(id) ?? []),
  };
}

/** Failure is a failed task in brief. */
export interface Failure extends Pick<
  TaskColumns,
  "id" | "external_id" | "name" | "error_code" | "error_message" | "created_at"
> {
  /** The name of whoever asked for it; null for nobody. */
  user_name: string | null;
}

const LATEST = sql(`
SELECT id, status, module FROM tasks INDEXED BY tasks_failed
WHERE ${FAILED} AND id >= :from ORDER BY id DESC LIMIT ${MAX_SCANNED}`);
const IN_BRIEF = sql(
  `SELECT t.id, external_id, name, error_code, error_message, created_at, ${nameSql("user")} AS user_name
FROM json_each(:ids) m JOIN tasks t ON t.id = m.value ORDER BY t.id DESC`,
  ["ids"],
);

/**
 * Lists the latest failures of tasks accepted since `from`, of a module or of all. It looks at the
 * latest 1,000 tasks that failed or were cancelled.
 */
export async function latestFailures(
  db: D1Database,
  { from, module, most }: { from: number; module?: string; most: number },
): Promise<Failure[]> {
  const latest = LATEST.on(db, { from: firstIdAt(from) });
  const { results } = await latest.all<Pick<TaskColumns, "id" | "status" | "module">>();
  const isAsked = nameMatcher(module);
  const ids = results
    .filter((task) => task.status === "FAILURE" && isAsked(task.module))
    .slice(0, most)
    .map(({ id }) => id);
  return (await IN_BRIEF.on(db, { ids: JSON.stringify(ids) }).all<Failure>()).results;
}

export interface OpenTroubles {
  /** The number of open tasks that recovery had to send again. */
  resent: number;
  /** The number of tasks that wait for another attempt, by the code of their error. */
  waitingFor: Map<string, number>;
  /** Whether there are more open tasks than were looked at. */
  capped: boolean;
}

export function troublesOf({ queues }: OpenWork): OpenTroubles {
  const tasks = [...queues.values()].flatMap((queue) => queue.tasks);
  const coded = Map.groupBy(tasks, ({ error_code }) => error_code);
  return {
    capped: [...queues.values()].some((queue) => queue.capped),
    resent: tasks.filter(({ resends }) => resends > 0).length,
    waitingFor: new Map(
      [...coded].flatMap(([code, group]) => (code === null ? [] : [[code, group.length]])),
    ),
  };
}
