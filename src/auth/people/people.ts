import { z } from "zod";
import { sql } from "../../db/sql";
import { AppError } from "../../http/errors";
import { toldOf } from "../../http/plain-words";
import { visibleText } from "../../http/visible-text";
import { type Caller, ROLES } from "../../caller";
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "../settings";

const MAX_BAN_SECONDS = 315_360_000; // ten years

const userId = z.string().min(1).max(100);
const password = z.string().min(MIN_PASSWORD_LENGTH).max(MAX_PASSWORD_LENGTH);

/** BODIES checks more strictly where better-auth accepts too much. */
const BODIES: Record<string, z.ZodType> = {
  // better-auth has no minimum length for passwords that an administrator sets, and takes arbitrary
  // columns.
  "/admin/create-user": z.strictObject({
    email: z.email().max(254),
    name: visibleText(255),
    password,
    role: z.enum(ROLES).optional(),
  }),
  "/admin/set-user-password": z.strictObject({ userId, newPassword: password }),
  // better-auth would take several roles, or the name of a property that every object has.
  "/admin/set-role": z.strictObject({ userId, role: z.enum(ROLES) }),
  // A ban that better-auth would refuse must be refused before `disarm` has acted.
  "/admin/ban-user": z.strictObject({
    userId,
    banReason: z.string().max(255).optional(),
    banExpiresIn: z.int().min(1).max(MAX_BAN_SECONDS).optional(),
  }),
  "/admin/remove-user": z.strictObject({ userId }),
};

/**
 * Checks what an administrator asks to do to a person. Nobody may take away their own
 * administration (better-auth itself refuses to ban or remove oneself); `disarm` guards against two
 * at once.
 */
export function assertPeopleRequest(path: string, body: unknown, admin: Caller): void {
  const parsed = BODIES[path]?.safeParse(body);
  if (parsed?.success === false) {
    const { parameter, detail } = toldOf(parsed.error.issues);
    throw new AppError(400, "invalid_parameter", detail, { parameter });
  }
  const change = z.object({ userId: z.string(), role: z.enum(ROLES) }).safeParse(body);
  if (path === "/admin/set-role" && change.success) {
    if (change.data.userId === admin.id && change.data.role !== "admin") {
      throw new AppError(409, "own_role", "An administrator cannot give up their own role.");
    }
  }
}

const DISARMING = new Set(["/admin/set-role", "/admin/ban-user", "/admin/remove-user"]);
const Target = z.object({ userId: z.string(), role: z.enum(ROLES).optional() });

const IS_ADMIN = "role = 'admin' AND banned IS NOT 1";
const DISARM = sql(`
UPDATE users SET role = coalesce(:role, role), banned = coalesce(:banned, banned)
WHERE id = :id AND id <> :admin AND role = 'admin' AND EXISTS (
  SELECT 1 FROM users WHERE id = :admin AND ${IS_ADMIN})`);
const STANDS = sql(`SELECT 1 FROM users WHERE id = :admin AND ${IS_ADMIN}`);

/**
 * Takes another administrator's power before better-auth does the rest, in one statement that also
 * checks that the caller still has theirs. So one administrator always remains: when two turn on
 * each other at the same moment, the second is refused with 403.
 */
export async function disarm(db: D1Database, admin: Caller, path: string, body: unknown) {
  if (!DISARMING.has(path)) {
    return;
  }
  const { userId, role } = Target.parse(body);
  const [, standing] = await db.batch([
    DISARM.on(db, {
      id: userId,
      admin: admin.id,
      role: role ?? null,
      banned: role === undefined ? 1 : null,
    }),
    STANDS.on(db, { admin: admin.id }),
  ]);
  if (standing?.results.length === 0) {
    throw new AppError(403, "forbidden", "Only a signed-in administrator may do this.");
  }
}
