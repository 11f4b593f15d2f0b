import { AppError } from "../../http/errors";
import type { ActionResult } from "./actions";
import type { Refusal } from "../accepting/start";
import type { Status } from "../model/states";

export function noSuchTask(id: string): AppError {
  return new AppError(404, "task_not_found", `There is no task ${id}`);
}

export function noSuchNotification(id: string): AppError {
  return new AppError(404, "unknown_notification", `You have no notification ${id}`);
}

/** A task's state does not allow what was asked for. */
export function wrongState(status: Status): AppError {
  return new AppError(409, "wrong_state", `The task is ${status}`, { state: status });
}

/** Throws unless the action was done. */
export function assertDone(id: string, result: ActionResult): void {
  if (result === "not_found") {
    throw noSuchTask(id);
  }
  if (result !== "done") {
    throw wrongState(result.status);
  }
}

export function badInput({ field, message }: Refusal): AppError {
  const parameter = field === "" ? "input" : `input.${field}`;
  return new AppError(400, "invalid_parameter", `${parameter}: ${message}`, { parameter });
}
