import type { Context } from "hono";
import { z } from "zod";
import { actingOf, audit, AUDITED } from "../../audit/audit";
import { sql } from "../../db/sql";
import type { AppEnv } from "../../http/app-env";
import type { UserColumns } from "../schema";

/**
 * Body selects what the audit log keeps of the bodies below /admin/; it leaves out the password.
 */
const Body = z
  .object({
    userId: z.coerce.string().optional(),
    sessionToken: z.string().optional(),
    role: z.string().optional(),
    banReason: z.string().optional(),
    banExpiresIn: z.number().optional(),
  })
  .catch({});

const Made = z.object({ user: z.object({ id: z.string(), email: z.string() }) });

/**
 * Runs an administrator's request and notes it in the audit log afterwards. It reads whom it
 * concerns first: a removed person has no address any more, nor a revoked session an owner.
 */
export async function audited(
  c: Context<AppEnv>,
  { path, body }: { path: string; body?: unknown },
  act: () => Promise<Response>,
): Promise<Response> {
  const action = AUDITED.find((known) => known === `person.${path.slice("/admin/".length)}`);
  if (action === undefined) {
    return act();
  }
  const { userId, sessionToken, role, banReason, banExpiresIn } = Body.parse(body);
  const before = await ownerOf(c.env.DB, userId, sessionToken);
  const response = await act();
  const person =
    action === "person.create-user" ? Made.parse(await response.clone().json()).user : before;
  if (person !== null) {
    const seconds = banExpiresIn;
    await audit(actingOf(c), action, person.id, {
      email: person.email,
      role,
      reason: banReason,
      seconds,
    });
  }
  return response;
}

const OWNER = sql(`
SELECT id, email FROM users
WHERE id = coalesce((SELECT user_id FROM sessions WHERE token = :token), :id)`);

function ownerOf(db: D1Database, userId?: string, sessionToken?: string) {
  const owner = OWNER.on(db, { id: userId ?? null, token: sessionToken ?? null });
  return owner.first<Pick<UserColumns, "id" | "email">>();
}
