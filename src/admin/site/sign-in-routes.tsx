import { type Context, Hono } from "hono";
import { limitBody } from "../../http/body-limit";
import { callAuth } from "../../auth/gate";
import type { AppEnv } from "../../http/app-env";
import { AppError } from "../../http/errors";
import { formText, readForm } from "../shared/form-text";
import { nextPath } from "../shared/next-path";
import { SignInPage } from "./sign-in";
import { redirectWithCookies } from "../shared/redirect";
import { siteNames } from "./names";
import { renderPage } from "../shared/render";
import { onlyTakenNames } from "../shared/taken-names";
import { viewOf } from "../shared/view";
import { siteWords } from "./words";

const CONSOLE = "/admin/tasks";
/** Cloudflare Access answers this path itself, before the request gets here. */
const ACCESS_SIGN_OUT = "/cdn-cgi/access/logout";

/** People sign in and out with these routes; better-auth does both. */
export const signInRoutes = new Hono<AppEnv>({ strict: false });

signInRoutes.use("/sign-in", onlyTakenNames(siteNames));
signInRoutes.use("/sign-out", onlyTakenNames(siteNames));

signInRoutes.get("/sign-in", async (c) => {
  const view = viewOf(c);
  const next = nextPath(view.url.searchParams.get("next"), view.url.origin, CONSOLE);
  return view.person
    ? c.redirect(next, 303)
    : renderPage(c, <SignInPage view={view} next={next} />);
});

signInRoutes.post("/sign-in", limitBody(), async (c) => {
  const form = await readForm(c);
  const email = formText(form, "email").trim();
  const password = formText(form, "password");
  const next = nextPath(form["next"], new URL(c.req.url).origin, CONSOLE);
  try {
    const body = { email, password };
    await callAuth(c, { method: "POST", path: "/sign-in/email", body });
  } catch (error) {
    return refused(c, error, email, next);
  }
  return redirectWithCookies(c, next);
});

signInRoutes.post("/sign-out", async (c) => {
  await readForm(c);
  await callAuth(c, { method: "POST", path: "/sign-out", body: {} });
  const { caller } = c.var;
  const isVisitor = caller?.kind === "user" && caller.accessUntil !== undefined;
  return redirectWithCookies(c, isVisitor ? ACCESS_SIGN_OUT : "/sign-in?out=1");
});

/**
 * Shows the form again without saying what was wrong, which would tell which addresses have an
 * account.
 */
function refused(c: Context<AppEnv>, error: unknown, email: string, next: string) {
  if (!(error instanceof AppError) || error.status >= 500 || error.code === "cross_site") {
    throw error;
  }
  const view = viewOf(c);
  const t = siteWords(view);
  const isLimit = error.status === 429;
  const seconds = error.headers["retry-after"] ?? "60";
  const refusal = isLimit ? t("signIn.tooMany", { seconds }) : t("signIn.refused");
  const page = <SignInPage view={view} next={next} email={email} refusal={refusal} />;
  return renderPage(c, page, isLimit ? 429 : 401, error.headers);
}
