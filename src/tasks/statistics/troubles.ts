/** What the latest failures, and the tasks that are open, tell of trouble: each from a bounded look. */
import { nameSql } from "../../auth/people/names";
import { MAX_SCANNED } from "../../http/paging";
import { nameMatcher } from "../../lib/fold";
import { firstIdAt } from "../../lib/ids";
import type { OpenWork } from "./open-work";
import { getTasks, type TaskView } from "../model/queries";
import { FAILED } from "../model/states";

/** So many failed or cancelled tasks are looked at, the latest. */
const MAX_LOOKED = 250;

export interface ErrorCount {
  code: string;
  count: number;
  /** Of these, nobody has given up on so many. */
  undiscarded: number;
  /** Of the latest of them. */
  message: string;
}

export interface Failures {
  /** By code, the most frequent first. */
  errors: ErrorCount[];
  /** The last of them. */
  latest: TaskView[];
}

const LOOK = `
SELECT id, code, undiscarded FROM (
  SELECT id, status, module, coalesce(error_code, '') AS code, discard_reason IS NULL AS undiscarded
  FROM tasks INDEXED BY tasks_failed WHERE ${FAILED} ORDER BY id DESC LIMIT ${MAX_LOOKED})
WHERE status = 'FAILURE' AND (?1 IS NULL OR module = ?1)`;

/** The latest failures of a module, or of all; `shown` of them whole. */
export async function lookAtFailures(
  db: D1Database,
  { shown, module }: { shown: number; module?: string },
): Promise<Failures> {
  const { results } = await db
    .prepare(LOOK)
    .bind(module ?? null)
    .all<{ id: string; code: string; undiscarded: number }>();
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

/** A failure in brief. */
export interface Failure {
  id: string;
  external_id: string | null;
  name: string;
  error_code: string | null;
  error_message: string | null;
  created_at: number;
  /** What whoever asked for it is called; null for nobody. */
  user_name: string | null;
}

const LATEST = `
SELECT id, status, module FROM tasks INDEXED BY tasks_failed
WHERE ${FAILED} AND id >= ?1 ORDER BY id DESC LIMIT ${MAX_SCANNED}`;
const IN_BRIEF = `
SELECT t.id, external_id, name, error_code, error_message, created_at, ${nameSql("user")} AS user_name
FROM json_each(?1) m JOIN tasks t ON t.id = m.value ORDER BY t.id DESC`;

/**
 * The latest failures of what was accepted since then, of a module or of all: among the latest 1,000
 * that failed or were cancelled.
 */
export async function latestFailures(
  db: D1Database,
  { from, module, most }: { from: number; module?: string; most: number },
): Promise<Failure[]> {
  const { results } = await db
    .prepare(LATEST)
    .bind(firstIdAt(from))
    .all<{ id: string; status: string; module: string }>();
  const isAsked = nameMatcher(module);
  const ids = results
    .filter((task) => task.status === "FAILURE" && isAsked(task.module))
    .slice(0, most)
    .map(({ id }) => id);
  return (await db.prepare(IN_BRIEF).bind(JSON.stringify(ids)).all<Failure>()).results;
}

export interface OpenTroubles {
  /** Open tasks that recovery had to send again. */
  resent: number;
  /** Why tasks wait for another attempt, by code. */
  waitingFor: Map<string, number>;
  /** There are more open tasks than were looked at. */
  capped: boolean;
}

export function troublesOf({ lanes }: OpenWork): OpenTroubles {
  const tasks = [...lanes.values()].flatMap((lane) => lane.tasks);
  const coded = Map.groupBy(tasks, ({ error_code }) => error_code);
  return {
    capped: [...lanes.values()].some((lane) => lane.capped),
    resent: tasks.filter(({ resends }) => resends > 0).length,
    waitingFor: new Map(
      [...coded].flatMap(([code, group]) => (code === null ? [] : [[code, group.length]])),
    ),
  };
}
