import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { isUnsafe } from "../../auth/same-origin";
import { type Caller, callerId, type Person } from "../../caller";
import { configOf } from "../../config";
import { acceptedLanguage, type Language, parseLanguage } from "../../i18n/language";
import { countUnread } from "../../tasks/reading/notifications";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const MAX_UNREAD = 100;

/** A View says who looks at a page and how; every page and component takes one. */
export interface View {
  language: Language;
  theme: Theme;
  person: Person | null;
  /**
   * `unread` is the person's unread notifications, counted up to MAX_UNREAD while the page is made.
   */
  unread: Promise<number>;
  url: URL;
  /** `from`, in the answer to a form, is the page that held the form, if the browser tells it. */
  from: URL | null;
}

export function viewOf(c: Context): View {
  const url = new URL(c.req.url);
  const language =
    parseLanguage(url.searchParams.get("lang")) ??
    parseLanguage(getCookie(c, "lang")) ??
    acceptedLanguage(c.req.header("accept-language")) ??
    defaultLanguage(c.env as object);
  const caller = c.get("caller") as Caller | null | undefined;
  const person = caller?.kind === "user" ? caller : null;
  return {
    language,
    theme: THEMES.find((theme) => theme === getCookie(c, "theme")) ?? "auto",
    person,
    unread: person ? unreadOf(c.env as Env, callerId(person)) : Promise.resolve(0),
    url,
    from: isUnsafe(c.req.method) ? referrerOf(c, url) : null,
  };
}

/** Returns the page of this site that led to an address, or null. */
function referrerOf(c: Context, url: URL): URL | null {
  const referrer = URL.parse(c.req.header("referer") ?? "");
  return referrer?.origin === url.origin ? referrer : null;
}

/** Counts unread notifications; a failure must not cost the page. */
async function unreadOf(env: Env, user: string): Promise<number> {
  try {
    return await countUnread(env.DB, user, MAX_UNREAD);
  } catch {
    return 0;
  }
}

/**
 * Returns the default language even if the configuration is bad, since the page that says so needs
 * one.
 */
function defaultLanguage(env: object): Language {
  try {
    return configOf(env).defaultLanguage;
  } catch {
    return "es";
  }
}
