import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { AppEnv } from "../../http/app-env";
import { assertKnown, assertKnownQuery } from "../../http/known-names";
import { AUDIT_FILTERS } from "../audit/audit-query";
import { FAILURE_FILTERS } from "../failures/failure-query";
import { KEY_FILTERS } from "../keys/key-query";
import { ORDER_FILTERS } from "../orders/order-query";
import { PEOPLE_FILTERS } from "../people/people-query";
import { TASK_FILTERS } from "../tasks/task-query";

/**
 * What the address of a page may name besides `lang`, and what a form may that is posted to one. Any
 * other name is a 400 that tells it: a page that is not here takes nothing.
 */
export const TAKEN: Readonly<Record<string, readonly string[]>> = {
  "POST /preferences": ["back", "lang", "theme"],
  "GET /sign-in": ["next", "out"],
  "POST /sign-in": ["next", "email", "password"],
  "GET /admin": ["range"],
  "GET /admin/modules/:module": ["range"],
  "GET /admin/tasks": [...TASK_FILTERS, "cursor", "marked"],
  "POST /admin/tasks/look": ["back", "density", "column", "reset"],
  "GET /admin/tasks/bulk/picked": ["action", "id", ...TASK_FILTERS],
  "POST /admin/tasks/bulk/picked": ["action", "id", "reason"],
  "GET /admin/tasks/bulk/matching": ["action", "id", ...TASK_FILTERS],
  "POST /admin/tasks/bulk/matching": ["action", ...TASK_FILTERS, "reason"],
  "POST /admin/tasks/exports": TASK_FILTERS,
  "GET /admin/tasks/:id": ["done"],
  "POST /admin/tasks/:id/replays": ["input", "anyway"],
  "POST /admin/tasks/:id/discards": ["reason"],
  "GET /admin/orders": [...ORDER_FILTERS, "cursor", "deleted"],
  "POST /admin/orders/exports": ["customer", "from", "to", "zone", "format"],
  "POST /admin/orders/:id/deletion": ["reason"],
  "GET /admin/failures": [...FAILURE_FILTERS, "before"],
  "GET /admin/dead-letters": ["discarded", "cursor", "marked"],
  "GET /admin/notifications": ["cursor"],
  "POST /admin/notifications/read": ["id", "all", "then"],
  "GET /admin/queues": ["paused", "resumed"],
  "POST /admin/queues/:queue/pauses": ["reason"],
  "GET /admin/run": ["saved"],
  "GET /admin/run/templates": ["task"],
  "GET /admin/people": [...PEOPLE_FILTERS, "cursor", "removed"],
  "POST /admin/people": ["email", "name", "role", "password"],
  "GET /admin/people/:id": ["done"],
  "POST /admin/people/:id/role": ["role"],
  "POST /admin/people/:id/password": ["newPassword"],
  "POST /admin/people/:id/ban": ["reason", "days"],
  "GET /admin/account": ["done"],
  // The address is there for whatever keeps the person's passwords.
  "POST /admin/account/password": ["username", "currentPassword", "newPassword", "repeated"],
  "GET /admin/keys": [...KEY_FILTERS, "cursor", "done"],
  "POST /admin/keys": ["name", "scopes", "days"],
  "GET /admin/audit": [...AUDIT_FILTERS, "cursor"],
};

/** Boxes of which several may be ticked. */
const REPEATABLE = ["id", "column", "scopes"];

/**
 * Judges the addresses of all pages below, once it is known that their caller may see them; what a
 * form brings is judged as it is read.
 */
export function onlyTakenNames(): MiddlewareHandler<AppEnv> {
  return async function onlyTakenNames(c, next) {
    const route = routeOf(c);
    const isRead = route?.startsWith("GET ") ?? false;
    if (isRead) {
      await next(); // whose refusal comes first
    }
    if (route !== undefined && !c.error) {
      const names = isRead ? TAKEN[route] : [];
      assertKnownQuery(c.req.url, ["lang", ...(names ?? [])], REPEATABLE);
    }
    if (!isRead) {
      await next();
    }
  };
}

/** `taken` are the fields of a form that are not always the same. */
export function assertTakenFields(c: Context, names: readonly string[], taken?: readonly string[]) {
  assertKnown(names, taken ?? TAKEN[routeOf(c) ?? ""] ?? [], REPEATABLE);
}

/** "GET /admin/tasks/:id": what will answer; undefined where nothing will. */
function routeOf(c: Context): string | undefined {
  const route = matchedRoutes(c).find(({ method }) => method !== "ALL");
  return route && `${route.method} ${route.path}`;
}
