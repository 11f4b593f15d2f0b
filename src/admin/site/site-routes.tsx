import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import { limitBody } from "../../http/body-limit";
import { assertSameOrigin } from "../../auth/same-origin";
import { configOf } from "../../config";
import type { AppEnv } from "../../http/app-env";
import { parseLanguage } from "../../i18n/language";
import { formText, readForm } from "../shared/form-text";
import { nextPath } from "../shared/next-path";
import { LandingPage } from "./landing";
import { siteNames } from "./names";
import { renderPage } from "../shared/render";
import { onlyTakenNames } from "../shared/taken-names";
import { THEMES, viewOf } from "../shared/view";

const YEAR_SECONDS = 31_536_000;

/** The landing page and the choice of language and theme are open to all. */
export const siteRoutes = new Hono<AppEnv>({ strict: false });

siteRoutes.get("/", async (c) => {
  const { demoEnabled, sourceUrl } = configOf(c.env);
  const page = <LandingPage view={viewOf(c)} demo={demoEnabled} sourceUrl={sourceUrl} />;
  return renderPage(c, page);
});

siteRoutes.post("/preferences", onlyTakenNames(siteNames), limitBody(), async (c) => {
  assertSameOrigin(c.req.raw);
  const form = await readForm(c);
  const { origin, protocol } = new URL(c.req.url);
  const remember = (name: string, value: string) =>
    setCookie(c, name, value, {
      path: "/",
      maxAge: YEAR_SECONDS,
      httpOnly: true,
      secure: protocol === "https:",
      sameSite: "Lax",
    });
  const language = parseLanguage(formText(form, "lang"));
  if (language) {
    remember("lang", language);
  }
  const chosen = THEMES.find((known) => known === formText(form, "theme"));
  if (chosen) {
    remember("theme", chosen);
  }
  return c.redirect(nextPath(form["back"], origin, "/"), 303);
});
