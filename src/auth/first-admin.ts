import { z } from "zod";
import { log } from "../log";
import type { Auth } from "./auth";
import { invalidConfiguration, MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "./settings";

/** Databases known to hold a person: asked once per isolate, since people never all disappear. */
const populated = new WeakSet<D1Database>();

/**
 * Makes ADMIN_EMAIL with ADMIN_PASSWORD the first administrator when no person exists yet; called
 * before a sign-in. Existing people are never touched. Throws 503 `invalid_configuration` when it
 * has to make one and the variables do not allow it.
 */
export async function ensureFirstAdmin(env: Env, auth: Auth): Promise<void> {
  if (populated.has(env.DB)) {
    return;
  }
  if ((await env.DB.prepare("SELECT 1 FROM users LIMIT 1").first()) === null) {
    await makeFirstAdmin(env, auth);
  }
  populated.add(env.DB);
}

/**
 * Safe against a rival: the person is inserted only into an empty table and the account only for
 * that very person, in one transaction; whoever comes second inserts nothing.
 */
async function makeFirstAdmin(env: Env, auth: Auth): Promise<void> {
  const { email, password } = firstAdmin(env);
  const hash = await (await auth.$context).password.hash(password);
  const id = crypto.randomUUID();
  const now = Date.now();
  const [inserted] = await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO users (id, name, email, email_verified, role, banned, created_at, updated_at)
       SELECT ?1, ?2, ?3, 1, 'admin', 0, ?4, ?4 WHERE NOT EXISTS (SELECT 1 FROM users)`,
    ).bind(id, email.split("@")[0], email, now),
    env.DB.prepare(
      `INSERT INTO accounts (id, account_id, provider_id, user_id, password, created_at, updated_at)
       SELECT ?1, id, 'credential', id, ?2, ?3, ?3 FROM users WHERE id = ?4`,
    ).bind(crypto.randomUUID(), hash, now, id),
  ]);
  if (inserted?.meta.changes !== 0) {
    log.info("auth.first_admin_made", { userId: id });
  }
}

function firstAdmin(env: Env): { email: string; password: string } {
  const email = (env.ADMIN_EMAIL ?? "").trim().toLowerCase();
  const password = env.ADMIN_PASSWORD ?? "";
  if (!z.email().safeParse(email).success) {
    throw invalidConfiguration("ADMIN_EMAIL", "is not an e-mail address");
  }
  if (password.length < MIN_PASSWORD_LENGTH || password.length > MAX_PASSWORD_LENGTH) {
    const problem = `needs ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`;
    throw invalidConfiguration("ADMIN_PASSWORD", problem);
  }
  return { email, password };
}
