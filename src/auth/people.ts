import { z } from "zod";
import { AppError } from "../http/errors";
import { type Caller, ROLES } from "./caller";
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "./settings";

const password = z.string().min(MIN_PASSWORD_LENGTH).max(MAX_PASSWORD_LENGTH);

/** Bodies that better-auth's own checks let through too widely. */
const BODIES: Record<string, z.ZodType> = {
  // It has no minimum length for an administrator's passwords, and takes arbitrary columns.
  "/admin/create-user": z.strictObject({
    email: z.email(),
    name: z.string().trim().min(1).max(255),
    password,
    role: z.enum(ROLES).optional(),
  }),
  "/admin/set-user-password": z.strictObject({ userId: z.string().min(1), newPassword: password }),
  // It would take several roles, or the name of a property every object has.
  "/admin/set-role": z.strictObject({ userId: z.string().min(1), role: z.enum(ROLES) }),
};

/**
 * Checks what an administrator asks to do to a person. Nobody takes their own administration away
 * (better-auth itself refuses to ban or remove oneself), so one administrator always remains.
 */
export function assertPeopleRequest(path: string, body: unknown, admin: Caller): void {
  const parsed = BODIES[path]?.safeParse(body);
  if (parsed?.success === false) {
    const issue = parsed.error.issues[0];
    const parameter = issue?.path.join(".") ?? "";
    const detail = `${parameter === "" ? "The request" : parameter}: ${issue?.message ?? "invalid"}`;
    throw new AppError(400, "invalid_parameter", detail, { parameter });
  }
  const change = z.object({ userId: z.string(), role: z.enum(ROLES) }).safeParse(body);
  if (path === "/admin/set-role" && change.success) {
    if (change.data.userId === admin.id && change.data.role !== "admin") {
      throw new AppError(409, "own_role", "An administrator cannot give up their own role.");
    }
  }
}
