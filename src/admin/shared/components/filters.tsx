import type { PropsWithChildren } from "hono/jsx";
import type { View } from "../view";
import { InputField } from "./field";
import { sharedWords } from "../words";

interface FiltersProps {
  view: View;
  search: { value: string; hint: string; problem?: string };
  /** `active` is how many filters besides the search are set. */
  active: number;
}

/** Shows the form above a list: the search, and filters that fold away where room is short. */
export function Filters({ view, search, active, children }: PropsWithChildren<FiltersProps>) {
  const { url } = view;
  const t = sharedWords(view);
  return (
    <form class="filters" method="get" action={url.pathname} role="search">
      <div class="search">
        <InputField
          id="q"
          type="search"
          label={t("list.search")}
          value={search.value}
          placeholder={search.hint}
          problem={search.problem}
        />
        <button class="button primary">{t("list.apply")}</button>
        {(active > 0 || search.value !== "") && (
          <a class="button" href={url.pathname}>
            {t("list.clear")}
          </a>
        )}
      </div>
      <details open={active > 0}>
        <summary>
          {active > 0 ? t("list.activeFilters", { count: active }) : t("list.filters")}
        </summary>
        <div class="fields">{children}</div>
      </details>
    </form>
  );
}
