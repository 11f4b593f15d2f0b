import { FORMAT_NAMES } from "../../exports/formats";
import type { OrderQuery } from "./order-query";
import type { View } from "../shared/view";
import { ordersWords } from "./words";

const FILTERS = ["customer", "from", "to", "zone"] as const;

/**
 * Starts an export of the orders that a list shows. Exports cannot search, so a search hides the
 * form.
 */
export function ExportForm({ view, query }: { view: View; query: OrderQuery }) {
  const t = ordersWords(view);
  if (query.typed.q !== "") {
    return null;
  }
  return (
    <form class="export" method="post" action="/admin/orders/exports">
      {FILTERS.map((name) => (
        <input type="hidden" name={name} value={query.typed[name]} />
      ))}
      <label for="format">{t(query.active > 0 ? "exports.filtered" : "exports.all")}</label>
      <select id="format" name="format">
        {FORMAT_NAMES.map((name) => (
          <option value={name}>{t(`exports.${name}`)}</option>
        ))}
      </select>
      <button class="button">{t("exports.start")}</button>
    </form>
  );
}
