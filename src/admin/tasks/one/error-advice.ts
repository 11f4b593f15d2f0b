import { BURIED } from "../../../tasks/running/dead-letters";
import type { TaskKey } from "../words";

/**
 * ADVICE maps an error code to whose fault it is and what to do next; codes of other modules have
 * none.
 */
const ADVICE: Record<string, TaskKey> = {
  ...all("repair.advice.sender", [
    "invalid_order",
    "order_too_large",
    "order_too_deep",
    "invalid_id",
    "invalid_customer",
    "empty_order",
    "too_many_lines",
    "invalid_line",
    "invalid_sku",
    "invalid_quantity",
    "invalid_input",
  ]),
  unknown_sku: "repair.advice.sku",
  ...all("repair.advice.catalogue", ["catalogue_failed", "catalogue_unavailable"]),
  duplicate_order: "repair.advice.duplicate",
  ...all("repair.advice.ours", ["crashed", "worker_crashed", "timeout", "result_too_large"]),
  unknown_task: "repair.advice.unknownTask",
  dead_letter: "repair.advice.deadLetter",
  invalid_message: "repair.advice.stranger",
  lost: "repair.advice.lost",
};

function all(advice: TaskKey, codes: readonly string[]): Record<string, TaskKey> {
  return Object.fromEntries(codes.map((code) => [code, advice]));
}

export function adviceOn(code: string, taskName: string): TaskKey | null {
  if (taskName === BURIED.name) {
    return "repair.advice.stranger"; // there is no task to run, whatever the code
  }
  return Object.hasOwn(ADVICE, code) ? (ADVICE[code] ?? null) : null;
}
