import { log } from "../../log";
import type { Auth } from "../auth";
import { requireSecrets } from "../settings";

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
  requireSecrets(env, "ADMIN_EMAIL", "ADMIN_PASSWORD");
  const email = env.ADMIN_EMAIL.trim().toLowerCase();
  const hash = await (await auth.$context).password.hash(env.ADMIN_PASSWORD);
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
