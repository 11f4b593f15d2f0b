import type { PropsWithChildren } from "hono/jsx";
import type { LiveFilter } from "../../../live/events";
import { STATUSES } from "../../../tasks/model/states";
import type { View } from "../view";
import { Time } from "./time";
import { sharedWords } from "../words";

interface LiveRegionProps {
  view: View;
  /** `about` selects the tasks it shows, in the live socket's terms. */
  about: LiveFilter;
  /** `open` means that something in it may still change. */
  open: boolean;
  /** `grows` means that tasks it does not show yet belong in it too. */
  grows?: boolean;
  /**
   * `summary` means that it shows sums: it is read again on any change, every few seconds at most.
   */
  summary?: boolean;
  /** `ticket` is for a reader without a session. */
  ticket?: string;
}

/** A LiveRegion is the part of a page that client/page.client.js keeps up to date. */
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

/** Says when a summary was made, and links to a new one for browsers without the script. */
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
 * Returns the attributes of the element that tells a region's status. The page's script announces
 * `text` when `change` differs from before or, without it, when the text does.
 */
export function said(text: string, change = "") {
  return { "data-status": change, "data-said": text };
}
