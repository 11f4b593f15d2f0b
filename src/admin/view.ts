import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import type { Caller } from "../auth/caller";
import { configOf } from "../config";
import { acceptedLanguage, type Language, parseLanguage } from "../i18n/language";
import { type Translate, translator } from "../i18n/translate";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** Who looks at a page, and how: what every page and component takes. */
export interface View {
  t: Translate;
  language: Language;
  theme: Theme;
  person: (Caller & { kind: "user" }) | null;
  url: URL;
}

export function viewOf(c: Context): View {
  const url = new URL(c.req.url);
  const language =
    parseLanguage(url.searchParams.get("lang")) ??
    parseLanguage(getCookie(c, "lang")) ??
    acceptedLanguage(c.req.header("accept-language")) ??
    defaultLanguage(c.env as object);
  const caller = c.get("caller") as Caller | null | undefined;
  return {
    t: translator(language),
    language,
    theme: THEMES.find((theme) => theme === getCookie(c, "theme")) ?? "auto",
    person: caller?.kind === "user" ? caller : null,
    url,
  };
}

/** The page that says the configuration is bad needs a language too. */
function defaultLanguage(env: object): Language {
  try {
    return configOf(env).defaultLanguage;
  } catch {
    return "es";
  }
}
