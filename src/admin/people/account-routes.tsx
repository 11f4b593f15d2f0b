import { type Context, Hono } from "hono";
import { callAuth } from "../../auth/gate";
import type { Person } from "../../caller";
import { findPerson, type PersonRow } from "../../auth/people/people-list";
import { currentSession } from "../../auth/sessions/session";
import { listSessions, tokenOf } from "../../auth/sessions/session-list";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { AppError } from "../../http/errors";
import { type FormProblem, formProblemOf } from "./form-problem";
import { formText, readForm } from "../shared/form-text";
import { AccountPage } from "./account";
import { redirectWithCookies } from "../shared/redirect";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

/**
 * The pages of one's own password and sessions are mounted at /admin/account, for every signed-in
 * person.
 */
export const accountPages = new Hono<AppEnv>({ strict: false });

accountPages.use(limitBody());

accountPages.get("/", async (c) => showAccount(c));

accountPages.post("/password", async (c) => {
  const form = await readForm(c);
  const newPassword = formText(form, "newPassword");
  if (newPassword !== formText(form, "repeated")) {
    return showAccount(c, { field: "repeated", key: "account.mismatch", status: 400 });
  }
  const currentPassword = formText(form, "currentPassword");
  return change(c, "/change-password", { currentPassword, newPassword }, "password");
});

accountPages.post("/sessions/revocation", async (c) => {
  await readForm(c);
  return change(c, "/revoke-other-sessions", {}, "revokedOthers");
});

accountPages.post("/sessions/:session/revocation", async (c) => {
  await readForm(c);
  const token = await tokenOf(c.env.DB, self(c).id, c.req.param("session"));
  return token === null
    ? redirectWithCookies(c, "/admin/account?done=revoked") // it has ended already
    : change(c, "/revoke-session", { token }, "revoked");
});

async function change(
  c: Context<AppEnv>,
  path: string,
  body: Record<string, unknown>,
  done: string,
): Promise<Response> {
  try {
    await callAuth(c, { method: "POST", path, body });
  } catch (error) {
    return showAccount(c, formProblemOf(error));
  }
  return redirectWithCookies(c, `/admin/account?done=${done}`);
}

async function showAccount(c: Context<AppEnv>, problem?: FormProblem): Promise<Response> {
  const { id } = self(c);
  const found: PersonRow | null = await findPerson(c.env.DB, id, Date.now());
  if (found === null) {
    throw new AppError(404, "person_not_found", `There is no person ${id}`);
  }
  const sessions = await listSessions(c.env.DB, id, Date.now());
  const own = (await currentSession(c, true))?.id ?? null;
  const props = { view: viewOf(c), person: found, sessions, own, problem };
  return renderPage(c, <AccountPage {...props} />, problem?.status ?? 200);
}

/** Returns the caller as a person, since the console admits only people. */
function self(c: Context<AppEnv>): Person {
  return c.var.caller as Person;
}
