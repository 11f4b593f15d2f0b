import { getTableColumns } from "drizzle-orm";
import { tasks } from "./schema";

/** Of texts that may be long only the size counts; of what happened, the last event too. */
const LONG: ReadonlySet<string> = new Set([
  "input",
  "result",
  "error_message",
  "error_traceback",
  "error_detail",
  "timeline",
  "checkpoint",
  "finished_steps",
]);

/** A function of D1 takes 32 arguments. */
const MOST_ARGUMENTS = 32;

const parts = [
  ...Object.values(getTableColumns(tasks)).map(({ name }) =>
    LONG.has(name) ? `octet_length(t.${name})` : `t.${name}`,
  ),
  "iif(json_valid(t.timeline), t.timeline -> '$[#-1]', NULL)",
];

/**
 * SQL of a text that is another once anything was done to the row `t`: all of its columns, and of the
 * long ones the size. Whatever is done to a task is told in its timeline, whose last event is in it.
 */
export const ROW_VERSION = Array.from(
  { length: Math.ceil(parts.length / MOST_ARGUMENTS) },
  (_, index) => parts.slice(index * MOST_ARGUMENTS, (index + 1) * MOST_ARGUMENTS),
)
  .map((some) => `json_array(${some.join(", ")})`)
  .join(" || ");
