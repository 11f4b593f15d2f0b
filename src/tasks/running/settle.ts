import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";
import { countEndsSql } from "../model/counts";
import type { TaskColumns } from "../model/schema";
import { deleteLease, HELD } from "../model/leases";
import { notifyEndsSql } from "../model/notify";
import { isFinal, type StoredStatus } from "../model/states";
import type { Decided, DecidedTask, Transition } from "./decide";
import { jsonChunks, transitionWrites } from "./transition-writes";

/** SettledRow is what D1 holds of a task after the settle. */
interface SettledRow extends Pick<
  TaskColumns,
  "id" | "ready_at" | "sent_at" | "attempts" | "error_code" | "error_message" | "error_detail"
> {
  status: StoredStatus;
}

/**
 * Makes SQL that fails the losers of a commit, whose own rows are not stored. A row that the lease
 * holds and that has ended was ended by this very settle.
 */
const failLosers = (conflict: string) =>
  sql(
    `
UPDATE tasks SET status = 'FAILURE', result = NULL, error_code = x.reason ->> 'code',
  error_message = x.reason ->> 'message', error_detail = x.reason -> 'detail'
FROM (
  SELECT t.id AS id, (${conflict}) AS reason
  FROM tasks t WHERE t.id IN (${HELD}) AND t.name = :name AND t.status = 'SUCCESS'
) x
WHERE tasks.id = x.id AND x.reason IS NOT NULL`,
    ["token", "name"],
  );

const COUNT = sql(countEndsSql(`id IN (${HELD})`), ["token", "now"]);
const NOTIFY = sql(notifyEndsSql(`id IN (${HELD})`), ["token", "now"]);

/** This SQL reads rows that are not as [id, status, code] says, and every row of an [id] alone. */
const READ_OTHERWISE = sql(`
SELECT t.id, t.status, t.ready_at, t.sent_at, t.attempts, t.error_code,
  t.error_message, t.error_detail
FROM json_each(:wanted) w JOIN tasks t ON t.id = w.value ->> 0
WHERE t.status IS NOT w.value ->> 1 OR t.error_code IS NOT w.value ->> 2`);

/** SettledTask is a task whose lease was settled. */
export interface SettledTask extends DecidedTask {
  /** What D1 holds of it; null if there is no such row any more. */
  settled: SettledRow | null;
}

/**
 * Settled is a lease that was settled: it adds what D1 says became of each task, whoever wrote it.
 */
export interface Settled extends Decided {
  tasks: SettledTask[];
}

/**
 * Settles a lease in one transaction: domain rows of tasks still held, new states, losers of the
 * commit, counts, notifications, the lease's end. The lease fences every statement, so a repeat
 * after an ambiguous error changes nothing. It returns what D1 then holds, whoever wrote it.
 */
export async function settle(db: D1Database, decided: Decided): Promise<Settled> {
  const { lease, tasks, at } = decided;
  const { token } = lease;
  const transitions = tasks.map(({ transition }) => transition);
  const notifies = tasks.some(({ row }) => row.notify !== null);
  const commits = commitsOf(tasks);
  const wanted = transitions.map(({ id, status, code }) =>
    isFinal(status) ? [id, status, code] : [id],
  );
  const statements = [
    ...commits.flatMap(({ commit, rows }) => {
      const writes = [...(commit.before?.(rows) ?? []), ...commit.insert];
      return jsonChunks(rows).flatMap((chunk) =>
        writes.map((write) => write.on(db, { token, rows: chunk })),
      );
    }),
    ...transitionWrites(db, lease, transitions, at),
    ...commits.map(({ commit, name }) => failLosers(commit.conflict).on(db, { token, name })),
    COUNT.on(db, { token, now: at }),
    ...(notifies ? [NOTIFY.on(db, { token, now: at })] : []),
    deleteLease(db, token),
    READ_OTHERWISE.on(db, { wanted: JSON.stringify(wanted) }),
  ];
  const results = await retryD1(db, () => db.batch<SettledRow>(statements));
  const otherwise = new Map((results.at(-1)?.results ?? []).map((row) => [row.id, row]));
  return {
    ...decided,
    tasks: tasks.map((task) => ({
      ...task,
      settled: otherwise.get(task.row.id) ?? asWanted(task.transition),
    })),
  };
}

/** Returns, by definition, the domain's rows of the tasks that end well. */
function commitsOf(tasks: readonly DecidedTask[]) {
  const leaving = tasks.filter(({ stored }) => stored !== undefined);
  return [...Map.groupBy(leaving, ({ definition }) => definition)].flatMap(([definition, of]) => {
    if (definition?.kind !== "batch" || !definition.commit) {
      return [];
    }
    const { name, commit } = definition;
    const done = of.filter(({ transition }) => transition.status === "SUCCESS");
    return { name, commit, rows: done.map(({ row, stored }) => commit.row(stored?.value, row.id)) };
  });
}

/**
 * Returns the row that READ_OTHERWISE left out because it is as was wanted. The row of a task that
 * waits is always read, so without one it is gone: null.
 */
function asWanted(wanted: Transition): SettledRow | null {
  const { id, status, ready_at, attempts, code, message, detail } = wanted;
  return isFinal(status)
    ? {
        id,
        status,
        ready_at,
        sent_at: null,
        attempts,
        error_code: code,
        error_message: message,
        error_detail: detail === null ? null : JSON.stringify(detail),
      }
    : null;
}
