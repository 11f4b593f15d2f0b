/** A refusal says why what was asked for is not done; each has one answer in HTTP. */
import type { Role, Scope } from "../../caller";
import { AppError } from "../../http/errors";
import { badReason } from "../../http/reason";
import { isRefused, type Result } from "../../lib/result";
import type { BadInput } from "../accepting/start";
import type { Status } from "../model/states";

export type Refusal =
  | { kind: "no_task"; id: string }
  | { kind: "no_queue"; queue: string }
  /** No task of that name is defined, or nobody may start it. */
  | { kind: "no_definition"; name: string }
  | { kind: "no_template"; name: string }
  | { kind: "no_active_template"; name: string }
  | { kind: "needs_scope"; scope: Scope }
  | { kind: "needs_role"; name: string; role: Role }
  /** The state of the task does not allow it. */
  | { kind: "wrong_state"; status: Status }
  /** The template is for work that nothing here starts. */
  | { kind: "runs_elsewhere"; name: string; module: string }
  | { kind: "bad_reason" }
  | BadInput
  | { kind: "bad_template"; parameter: string; message: string };

/** Returns what was asked for. Throws the AppError that answers a refusal. */
export function granted<T>(result: Result<T, Refusal>): T {
  if (isRefused(result)) {
    throw problemOf(result.why);
  }
  return result;
}

export function problemOf(why: Refusal): AppError {
  switch (why.kind) {
    case "no_task":
      return noSuchTask(why.id);
    case "no_queue":
      return new AppError(404, "queue_not_found", `There is no queue ${why.queue}`);
    case "no_definition":
      return new AppError(404, "unknown_task", `There is no task ${why.name} to be started`);
    case "no_template":
      return new AppError(404, "unknown_template", `There is no template ${why.name}`);
    case "no_active_template":
      return new AppError(404, "unknown_template", `There is no active template ${why.name}`);
    case "needs_scope":
      return forbidden(`This needs the scope ${why.scope}.`, { scope: why.scope });
    case "needs_role":
      return forbidden(`Starting ${why.name} needs the role ${why.role}.`);
    case "wrong_state":
      return wrongState(why.status);
    case "runs_elsewhere": {
      const detail = `${why.name} of ${why.module} runs elsewhere: it is tracked here, and started there`;
      return new AppError(409, "runs_elsewhere", detail);
    }
    case "bad_reason":
      return badReason();
    case "bad_input":
      return invalid(why.field === "" ? "input" : `input.${why.field}`, why.message);
    case "bad_template":
      return invalid(why.parameter, why.message);
    default:
      return why satisfies never;
  }
}

export function noSuchTask(id: string): AppError {
  return new AppError(404, "task_not_found", `There is no task ${id}`);
}

export function noSuchNotification(id: string): AppError {
  return new AppError(404, "unknown_notification", `You have no notification ${id}`);
}

/** Makes the error for a task whose state does not allow what was asked for. */
export function wrongState(status: Status): AppError {
  return new AppError(409, "wrong_state", `The task is ${status}`, { state: status });
}

function forbidden(detail: string, extra: Record<string, unknown> = {}): AppError {
  return new AppError(403, "forbidden", detail, extra);
}

function invalid(parameter: string, message: string): AppError {
  return new AppError(400, "invalid_parameter", `${parameter}: ${message}`, { parameter });
}
