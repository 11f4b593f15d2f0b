import { getTableColumns } from "drizzle-orm";
import { tasks } from "./schema";

/** Only the size counts of texts that may be long, and of the timeline its last event too. */
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

/** A function of D1 takes this many arguments at most. */
const MOST_ARGUMENTS = 32;

const parts = [
  ...Object.values(getTableColumns(tasks)).map(({ name }) =>
    LONG.has(name) ? `octet_length(t.${name})` : `t.${name}`,
  ),
  "iif(json_valid(t.timeline), t.timeline -> '$[#-1]', NULL)",
];

/**
 * This SQL makes a text that changes with anything done to the row `t`: all of its columns, of the
 * long ones the size. The timeline tells whatever is done to a task, so its last event is in the
 * text.
 */
export const ROW_VERSION = Array.from(
  { length: Math.ceil(parts.length / MOST_ARGUMENTS) },
  (_, index) => parts.slice(index * MOST_ARGUMENTS, (index + 1) * MOST_ARGUMENTS),
)
  .map((some) => `json_array(${some.join(", ")})`)
  .join(" || ");
