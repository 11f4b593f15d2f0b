import { sql } from "../../db/sql";
import { log } from "../../log";
import type { Auth } from "../auth";
import { requireSecrets } from "../settings";

/** Databases known to hold a person. An isolate asks once, since people never all disappear. */
const populated = new WeakSet<D1Database>();

/**
 * Makes ADMIN_EMAIL with ADMIN_PASSWORD the first administrator if no person exists yet; it must
 * run before a sign-in. Existing people are never touched. Throws 503 `invalid_configuration` if it
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

const INSERT_FIRST = sql(`
INSERT INTO users (id, name, email, email_verified, role, banned, created_at, updated_at)
SELECT :id, :name, :email, 1, 'admin', 0, :now, :now WHERE NOT EXISTS (SELECT 1 FROM users)`);
const INSERT_ACCOUNT = sql(`
INSERT INTO accounts (id, account_id, provider_id, user_id, password, created_at, updated_at)
SELECT :account, id, 'credential', id, :hash, :now, :now FROM users WHERE id = :id`);

/**
 * Inserts the first administrator safely among rivals: the person only into an empty table, the
 * account only for that very person, in one transaction. Whoever comes second inserts nothing.
 */
async function makeFirstAdmin(env: Env, auth: Auth): Promise<void> {
  requireSecrets(env, "ADMIN_EMAIL", "ADMIN_PASSWORD");
  const email = env.ADMIN_EMAIL.trim().toLowerCase();
  const hash = await (await auth.$context).password.hash(env.ADMIN_PASSWORD);
  const id = crypto.randomUUID();
  const [name = email] = email.split("@");
  const now = Date.now();
  const [inserted] = await env.DB.batch([
    INSERT_FIRST.on(env.DB, { id, name, email, now }),
    INSERT_ACCOUNT.on(env.DB, { account: crypto.randomUUID(), hash, id, now }),
  ]);
  if (inserted?.meta.changes !== 0) {
    log.info("auth.first_admin_made", { userId: id });
  }
}
