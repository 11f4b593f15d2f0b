import type { PropsWithChildren } from "hono/jsx";
import type { LiveFilter } from "../../../live/events";
import { STATUSES } from "../../../tasks/model/states";
import type { View } from "../view";
import { Time } from "./time";
import { sharedWords } from "../words";

interface LiveRegionProps {
  view: View;
  /** The tasks it shows, as the live socket asks for them. */
  about: LiveFilter;
  /** Something in it may still change. */
  open: boolean;
  /** Tasks it does not show yet belong in it too. */
  grows?: boolean;
  /** It shows sums: whatever changes, it is read again, every few seconds at most. */
  summary?: boolean;
  /** For a reader without a session. */
  ticket?: string;
}

/** The part of a page that the page's script keeps up to date: see client/page.client.js. */
export function LiveRegion(props: PropsWithChildren<LiveRegionProps>) {
  const { view, about, open, grows, summary, ticket, children } = props;
  const t = sharedWords(view);
  const filter = Object.entries(about).filter(([, value]) => value !== undefined);
  const words = {
    ...Object.fromEntries(STATUSES.map((status) => [status, t(`status.${status}`)])),
    done: t("stageState.done"),
  };
  return (
    <div
      data-live={open ? "open" : "ended"}
      data-about={new URLSearchParams(Object.fromEntries(filter)).toString()}
      data-grows={grows ? "" : undefined}
      data-summary={summary ? "" : undefined}
      data-ticket={ticket}
      data-words={open && !summary ? JSON.stringify(words) : undefined}
      data-lost={t("live.lost")}
    >
      {children}
      <p class="lost-note" aria-hidden="true">
        {t("live.lost")}
      </p>
    </div>
  );
}

/** When a summary was made, and the way to make it again without a script. */
export function AsOf({ view, now }: { view: View; now: number }) {
  const { url } = view;
  const t = sharedWords(view);
  return (
    <p class="note as-of">
      {t("live.asOf")} <Time at={now} /> · <a href={url.pathname + url.search}>{t("live.again")}</a>
    </p>
  );
}

/**
 * Attributes of an element that tells how a region is: what the page's script says to those who listen
 * when `change` is another than before or, without it, the text.
 */
export function said(text: string, change = "") {
  return { "data-status": change, "data-said": text };
}
