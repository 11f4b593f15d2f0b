import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { TaskKey } from "../words";

/** COLUMNS are what the task history may show of a task besides its id and state. */
export const COLUMNS = {
  name: "tasks.name",
  module: "task.module",
  order: "tasks.order",
  user: "task.user",
  worker: "tasks.worker",
  attempts: "task.attempts",
  created: "task.created",
  started: "tasks.started",
  duration: "tasks.duration",
  error: "tasks.error",
} as const satisfies Record<string, TaskKey>;
export type Column = keyof typeof COLUMNS;

/** A TaskLook is how a person likes the task history. */
export interface TaskLook {
  dense: boolean;
  columns: ReadonlySet<Column>;
}

const DEFAULT: TaskLook = {
  dense: false,
  columns: new Set(["name", "order", "worker", "started", "duration", "error"]),
};
const COOKIE = "tasks_look";
const YEAR_SECONDS = 31_536_000;

export function taskLookOf(c: Context): TaskLook {
  const [density, ...columns] = (getCookie(c, COOKIE) ?? "").split(".");
  return density === "dense" || density === "normal"
    ? toLook(density === "dense", columns)
    : DEFAULT;
}

export function toLook(dense: boolean, names: readonly string[]): TaskLook {
  const all = Object.keys(COLUMNS) as Column[];
  return { dense, columns: new Set(all.filter((column) => names.includes(column))) };
}

/** Keeps the look in a cookie; null returns to the initial one. */
export function keepTaskLook(c: Context, look: TaskLook | null): void {
  const text = look ? [look.dense ? "dense" : "normal", ...look.columns].join(".") : "";
  setCookie(c, COOKIE, text, {
    path: "/admin",
    maxAge: look ? YEAR_SECONDS : 0,
    httpOnly: true,
    secure: new URL(c.req.url).protocol === "https:",
    sameSite: "Lax",
  });
}
