import type { Context } from "hono";
import type { AppError } from "../../http/errors";
import { RepeatedNameError, UnknownNameError } from "../../http/known-names";
import { Layout } from "../shared/layout";
import { renderPage } from "../shared/render";
import { type View, viewOf } from "../shared/view";
import { hasKey } from "../../i18n/words";
import { siteWords } from "./words";

/** Answers with the page of an error: what it means and where to go, never how it came about. */
export async function errorPage(c: Context, error: AppError): Promise<Response> {
  const requestId = c.get("requestId") as string | undefined;
  const view = viewOf(c);
  const back = error.status === 400 ? backOf(view) : null;
  const page = <ErrorPage {...{ view, error, back }} requestId={requestId ?? ""} />;
  return renderPage(c, page, error.status, error.headers);
}

/**
 * LED_TO_BY maps addresses that mean nothing without their query, or that do something, to the page
 * that links to them.
 */
const LED_TO_BY: Readonly<Record<string, string>> = {
  "/admin/tasks/bulk/picked": "/admin/tasks",
  "/admin/tasks/bulk/matching": "/admin/tasks",
  "/pedidos/iniciar": "/",
};

/**
 * Returns the page that held a refused form, or the page asked for without what is wrong in its
 * address.
 */
function backOf({ url, from }: View): string | null {
  const { pathname, search } = url;
  if (from !== null) {
    return from.pathname + from.search;
  }
  return search === "" ? null : (LED_TO_BY[pathname.replace(/\/$/, "")] ?? pathname);
}

interface ErrorPageProps {
  view: View;
  error: AppError;
  requestId: string;
  /** `back` is where the link back leads; null shows none. */
  back: string | null;
}

function ErrorPage({ view, error, requestId, back }: ErrorPageProps) {
  const { person, url } = view;
  const t = siteWords(view);
  const { title, text, exact } = wordsOf(view, error);
  return (
    <Layout view={view} title={title}>
      <div class="narrow">
        <p class="status-code">{error.status}</p>
        <h1>{title}</h1>
        <p>{text}</p>
        {!exact && error.status < 500 && error.code !== "forbidden" && (
          <p class="note" lang="en">
            <bdi>{error.detail}</bdi>
          </p>
        )}
        <p class="actions">
          {error.status === 401 && (
            <a
              class="button primary"
              href={`/sign-in?next=${encodeURIComponent(url.pathname + url.search)}`}
            >
              {t("nav.signIn")}
            </a>
          )}
          {back !== null && (
            <a class="button primary" href={back}>
              {t("error.back")}
            </a>
          )}
          {person ? (
            <a class={`button ${back === null ? "primary" : ""}`} href="/admin/tasks">
              {t("error.console")}
            </a>
          ) : (
            <a class={`button ${error.status === 401 || back !== null ? "" : "primary"}`} href="/">
              {t("nav.home")}
            </a>
          )}
        </p>
        <p class="note">
          {t("error.code")} <code>{error.code}</code> · {t("error.request")}{" "}
          <code>{requestId}</code>
        </p>
      </div>
    </Layout>
  );
}

/** Returns words for exactly this error, or for any with its status. */
function wordsOf(view: View, error: AppError) {
  const t = siteWords(view);
  const isKey = (key: string) => hasKey(siteWords, key);
  if (error instanceof UnknownNameError) {
    const { name, nearest } = error.unknown;
    const text =
      nearest === undefined
        ? t("error.unknown_name.text", { name })
        : t("error.unknown_name.near", { name, nearest });
    return { title: t("error.unknown_name.title"), text, exact: true };
  }
  if (error instanceof RepeatedNameError) {
    const text = t("error.repeated_name.text", { name: error.repeated });
    return { title: t("error.repeated_name.title"), text, exact: true };
  }
  const { code, status } = error;
  const fallback = status < 500 ? "error.400" : "error.500";
  const words = (part: "title" | "text") => {
    const key = [`error.${code}.${part}`, `error.${status}.${part}`].find(isKey);
    return t(key ?? `${fallback}.${part}`);
  };
  return {
    title: words("title"),
    text: words("text"),
    exact: isKey(`error.${code}.title`),
  };
}
