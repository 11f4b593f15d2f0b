import { expectedSums } from "./expected.mjs";

const PAGE = 200;
/** With a failing catalogue an order may rightly use up its attempts. */
const GAVE_UP = new Set(["catalogue_failed", "catalogue_unavailable"]);

/**
 * Compares what the API shows of every order with what it must have come to. `taskIds` maps each
 * task to its order. Answers counts, and what is wrong in words.
 */
export async function checkOrders(client, orderOf, prices, { mayGiveUp }) {
  const result = { succeeded: 0, failed: 0, gaveUp: 0, problems: [] };
  const tasks = await readTasks(client, orderOf);
  const stored = new Map();
  const since = new Date(acceptedAt([...orderOf.keys()])).toISOString();
  for await (const order of client.list(`/api/pedidos?limit=${PAGE}&desde=${since}`)) {
    stored.set(order.task_id, order);
  }
  for (const [taskId, order] of orderOf) {
    const task = tasks.get(taskId);
    const wanted = expectedSums(order, prices);
    const found = stored.get(taskId);
    const problem = compare(task, wanted, found, mayGiveUp);
    if (problem) {
      result.problems.push(`order ${order.id} (task ${taskId}): ${problem}`);
    } else if (task.status === "SUCCESS") {
      result.succeeded += 1;
    } else {
      result[wanted ? "gaveUp" : "failed"] += 1;
    }
  }
  return result;
}

/** When the first of these tasks was accepted: its id begins with the millisecond. */
function acceptedAt(taskIds) {
  return Math.min(...taskIds.map((id) => Number.parseInt(id.slice(0, 13).replace("-", ""), 16)));
}

async function readTasks(client, orderOf) {
  const tasks = new Map();
  const lotes = new Set([...orderOf.keys()].map((taskId) => taskId.slice(0, -4)));
  for (const lote of lotes) {
    for await (const task of client.list(`/api/tasks/executions/?lote=${lote}&limit=${PAGE}`)) {
      tasks.set(task.task_id, task);
    }
  }
  return tasks;
}

/** What is wrong with an order, in words; undefined when nothing is. */
export function compare(task, wanted, found, mayGiveUp) {
  if (!task) {
    return "its task is gone";
  }
  if (!wanted) {
    return task.status === "FAILURE" && !found
      ? undefined
      : `it is invalid but ${task.status}${found ? ", and stored" : ""}`;
  }
  if (mayGiveUp && task.status === "FAILURE" && GAVE_UP.has(task.error_code) && !found) {
    return undefined;
  }
  if (task.status !== "SUCCESS" || !found) {
    return `it is ${task.status} (${task.error_code})${found ? "" : ", and not stored"}`;
  }
  const wrong = Object.keys(wanted).find((sum) => found[sum] !== wanted[sum]);
  return wrong && `its ${wrong} is ${found[wrong]}, not ${wanted[wrong]}`;
}
