import { type Cursor, type PageKey, type Page, writeCursor } from "../../../http/paging";
import { formatCount } from "../format";
import type { View } from "../view";
import { sharedWords } from "../words";

interface PagerProps {
  view: View;
  page: Page<unknown>;
  /** `timeless` marks a list that is not in order of time. */
  timeless?: boolean;
}

/** Shows how many rows there are and links to the pages on either side, which keep the filters. */
export function Pager({ view, page, timeless = false }: PagerProps) {
  const { url, language } = view;
  const t = sharedWords(view);
  const first = new URLSearchParams(url.search);
  first.delete("cursor");
  const link = (direction: Cursor["direction"], key: PageKey) => {
    const query = new URLSearchParams(first);
    query.set("cursor", writeCursor({ direction, key, total: page.total }));
    return `${url.pathname}?${query.toString()}`;
  };
  const { count, capped } = page.total;
  return (
    <nav class="pager" aria-label={t("list.pages")}>
      <span class="note">
        {count > 0 &&
          t("list.count", { count: formatCount(language, count) + (capped ? "+" : "") })}
      </span>
      {url.searchParams.has("cursor") && (
        <a href={first.size === 0 ? url.pathname : `${url.pathname}?${first.toString()}`}>
          {t("list.first")}
        </a>
      )}
      {page.previous && (
        <a class="button" rel="prev" href={link("previous", page.previous)}>
          ← {t(timeless ? "list.previousPage" : "list.newer")}
        </a>
      )}
      {page.next && (
        <a class="button" rel="next" href={link("next", page.next)}>
          {t(timeless ? "list.nextPage" : "list.older")} →
        </a>
      )}
    </nav>
  );
}
