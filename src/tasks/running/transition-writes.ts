/** Transitions are written by statements that are each fenced by the lease. */
import { sql } from "../../db/sql";
import { inChunks } from "../../db/chunks";
import { HELD } from "../model/leases";
import { isFinal, OPEN } from "../model/states";
import type { HeldLease } from "./claim";
import type { Transition } from "./decide";

// Transitions reach SQL as arrays, which it reads faster than objects. Most tasks end, and bring only
// the fields that an end needs.
const ENDED = [
  "id",
  "status",
  "attempts",
  "started_at",
  "finished_at",
  "timeline",
  "result",
  "code",
  "message",
  "detail",
  "traceback",
] as const satisfies (keyof Transition)[];
const WAITING = [
  "id",
  "status",
  "attempts",
  "started_at",
  "timeline",
  "code",
  "message",
  "detail",
  "traceback",
  "deferrals",
  "suspect",
  "ready_at",
  "check_at",
  "sent",
  "checkpoint",
] as const satisfies (keyof Transition)[];

// `+tasks.id` keeps the planner from starting at the lease's list, which would read the whole JSON
// of transitions once per task.
function settleSql<Field extends keyof Transition>(
  fields: readonly Field[],
  set: (text: (field: Field) => string, json: (field: Field) => string) => string,
) {
  const text = (field: Field | "id") => `c.value ->> ${fields.indexOf(field as Field)}`;
  const json = (field: Field) => `nullif(c.value -> ${fields.indexOf(field)}, 'null')`;
  return sql(
    `
UPDATE tasks SET resends = 0, worker = :worker, ${set(text, json)}
FROM json_each(:rows) c
WHERE tasks.id = ${text("id")} AND tasks.${OPEN} AND +tasks.id IN (${HELD})`,
    ["token", "rows", "worker", "at", "has_traceback"],
  );
}

/** `:has_traceback` is set if any transition has one: a look in each costs a microsecond a task. */
const ifAny = (traceback: string) => `iif(:has_traceback, ${traceback}, NULL)`;

const END = settleSql(
  ENDED,
  (text, json) => `
  status = ${text("status")}, attempts = ${text("attempts")}, deferrals = 0, suspect = 0,
  ready_at = :at, started_at = ${text("started_at")}, finished_at = ${text("finished_at")},
  timeline = ${json("timeline")}, result = ${json("result")}, error_code = ${text("code")},
  error_message = ${text("message")}, error_detail = ${json("detail")},
  error_traceback = ${ifAny(text("traceback"))},
  checkpoint = iif(${text("status")} = 'SUCCESS', NULL, checkpoint)`,
);

const WAIT = settleSql(
  WAITING,
  (text, json) => `
  status = ${text("status")}, attempts = ${text("attempts")}, deferrals = ${text("deferrals")},
  suspect = ${text("suspect")}, ready_at = ${text("ready_at")}, check_at = ${text("check_at")},
  sent_at = CASE ${text("sent")} WHEN 'kept' THEN sent_at WHEN 'new' THEN :at END,
  started_at = ${text("started_at")}, timeline = ${json("timeline")},
  error_code = ${text("code")}, error_message = ${text("message")},
  error_detail = ${json("detail")}, error_traceback = ${ifAny(text("traceback"))},
  checkpoint = iif(${json("checkpoint")} IS NULL, checkpoint,
    nullif(${json("checkpoint")} -> 'left', 'null'))`,
);

/** Makes the statements that write transitions at `at`, the moment they were decided. */
export function transitionWrites(
  db: D1Database,
  { token, worker }: HeldLease,
  transitions: readonly Transition[],
  at: number,
): D1PreparedStatement[] {
  const has_traceback = transitions.some(({ traceback }) => traceback !== null) ? 1 : 0;
  const write = (
    statement: typeof END,
    fields: readonly (keyof Transition)[],
    of: readonly Transition[],
  ) =>
    jsonChunks(of.map((transition) => fields.map((field) => transition[field]))).map((rows) =>
      statement.on(db, { token, rows, worker, at, has_traceback }),
    );
  const ended = transitions.filter(({ status }) => isFinal(status));
  const waiting = transitions.filter(({ status }) => !isFinal(status));
  return [...write(END, ENDED, ended), ...write(WAIT, WAITING, waiting)];
}

/** Makes JSON arrays of values, each small enough for D1. */
export function jsonChunks(values: readonly unknown[]): string[] {
  return inChunks(values.map((value) => JSON.stringify(value)));
}
