import type { PropsWithChildren } from "hono/jsx";
import type { LiveFilter } from "../../live/events";
import { STATUSES } from "../../tasks/states";
import type { View } from "../view";

interface LiveRegionProps {
  view: View;
  /** The tasks it shows, as the live socket asks for them. */
  about: LiveFilter;
  /** Something in it may still change. */
  open: boolean;
  /** Tasks it does not show yet belong in it too. */
  grows?: boolean;
  /** For a reader without a session. */
  ticket?: string;
}

/** The part of a page that the page's script keeps up to date: see assets/page.client.js. */
export function LiveRegion(props: PropsWithChildren<LiveRegionProps>) {
  const { view, about, open, grows, ticket, children } = props;
  const { t } = view;
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
      data-ticket={ticket}
      data-words={open ? JSON.stringify(words) : undefined}
      data-lost={t("live.lost")}
    >
      {children}
      <p class="lost-note" aria-hidden="true">
        {t("live.lost")}
      </p>
    </div>
  );
}
