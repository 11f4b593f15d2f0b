import type { Context } from "hono";
import { z } from "zod";
import { sql } from "../../db/sql";
import type { AppEnv } from "../../http/app-env";
import { AppError } from "../../http/errors";

const Opened = z.object({ token: z.string() });

const PASSWORD = sql(`
SELECT a.password FROM users u JOIN accounts a ON a.user_id = u.id
WHERE u.email = :email AND a.provider_id = 'credential'`);
const END_IF_CHANGED = sql(`
DELETE FROM sessions WHERE token = :token AND NOT EXISTS (
  SELECT 1 FROM accounts a WHERE a.user_id = sessions.user_id AND a.password = :password)`);

/**
 * Signs in only if the password is still the same when the session opens. Checking a password is
 * slow, and setting another one meanwhile ends the sessions of the old one, which would miss this
 * session.
 */
export async function signingIn(
  c: Context<AppEnv>,
  body: unknown,
  signIn: () => Promise<Response>,
): Promise<Response> {
  const { DB: db } = c.env;
  const { email } = z.object({ email: z.string() }).catch({ email: "" }).parse(body);
  const known = PASSWORD.on(db, { email: email.toLowerCase() });
  const password = await known.first<string>("password");
  const response = await signIn();
  const { token } = Opened.parse(await response.clone().json());
  const { meta } = await END_IF_CHANGED.on(db, { token, password }).run();
  if (meta.changes > 0) {
    c.header("set-cookie", undefined); // it would work for a minute
    throw new AppError(401, "INVALID_EMAIL_OR_PASSWORD", "The password was changed just now.");
  }
  return response;
}
