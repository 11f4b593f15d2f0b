import type { PropsWithChildren } from "hono/jsx";
import type { Total } from "../../../http/paging";
import type { Action } from "../../../tasks/commands/doable";
import { formatCount } from "../../shared/format";
import type { View } from "../../shared/view";
import { tasksWords } from "../words";

/** The safest action comes first, because the form begins with it. */
export const ACTION_NAMES = ["retry", "discard", "cancel"] as const satisfies Action[];

/** Shows the box that picks a task of a list. */
export function Pick({ view, id }: { view: View; id: string }) {
  const t = tasksWords(view);
  return (
    <label class="pick">
      <input
        type="checkbox"
        name="id"
        value={id}
        checked={view.url.searchParams.get("marked") === "page"}
      />
      <span class="unseen">{t("bulk.pick", { id })}</span>
    </label>
  );
}

interface SelectionProps {
  view: View;
  /** `filter` has the fields of the filter whose tasks can all be meant. */
  filter: Record<string, string>;
  /** `total` is how many tasks match the filter. */
  total: Total;
  actions?: readonly Action[];
}

/** Shows a list whose rows can be picked, and the actions on picked or on all matching tasks. */
export function Selection(props: PropsWithChildren<SelectionProps>) {
  const { view, filter, total, actions = ACTION_NAMES, children } = props;
  const { url, language } = view;
  const t = tasksWords(view);
  const marked = new URL(url);
  marked.searchParams.set("marked", "page");
  const all = formatCount(language, total.count) + (total.capped ? "+" : "");
  return (
    <form class="selection" method="get" action="/admin/tasks/bulk/picked">
      {Object.entries(filter)
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
      {children}
      <div class="selection-bar">
        <label for="action">{t("bulk.do")}</label>
        <select id="action" name="action">
          {actions.map((action) => (
            <option value={action}>{t(`bulk.${action}`)}</option>
          ))}
        </select>
        <button class="button">{t("bulk.toPicked")}</button>
        <button class="button" formaction="/admin/tasks/bulk/matching">
          {t("bulk.toMatching", { count: all })}
        </button>
        <a href={`${marked.pathname}${marked.search}`}>{t("bulk.markPage")}</a>
      </div>
    </form>
  );
}
