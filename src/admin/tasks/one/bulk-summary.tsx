import { Fact, Facts } from "../../shared/components/facts";
import { formatCount } from "../../shared/format";
import type { View } from "../../shared/view";
import { ACTION_NAMES } from "../list/selection";
import { tasksWords } from "../words";

interface BulkSummaryProps {
  view: View;
  /** `input` is the input of the task that carries out the action. */
  input: unknown;
  /** `result` is set once the task has ended. */
  result: unknown;
}

/** Shows what a bulk action does, and to how many tasks it was done. */
export function BulkSummary({ view, input, result }: BulkSummaryProps) {
  const { language } = view;
  const t = tasksWords(view);
  const { action: asked, reason, filter } = (input ?? {}) as Record<string, unknown>;
  const action = ACTION_NAMES.find((known) => known === asked);
  if (!action) {
    return null;
  }
  const { matched, done } = (result ?? {}) as Record<string, unknown>;
  const { ids } = (filter ?? {}) as { ids?: unknown };
  const count = (value: unknown) =>
    typeof value === "number" ? formatCount(language, value) : null;
  return (
    <section aria-labelledby="bulk">
      <h2 id="bulk">{t("bulk.title")}</h2>
      <Facts>
        <Fact name={t("bulk.do")}>{t(`bulk.${action}`)}</Fact>
        {Array.isArray(ids) && <Fact name={t("bulk.pickedName")}>{count(ids.length)}</Fact>}
        <Fact name={t("bulk.matched")}>{count(matched)}</Fact>
        <Fact name={t("bulk.done")}>{count(done)}</Fact>
        {typeof reason === "string" && (
          <Fact name={t("confirm.reason")} long>
            <bdi>{reason}</bdi>
          </Fact>
        )}
      </Facts>
      {typeof matched === "number" && typeof done === "number" && matched > done && (
        <p class="note">{t("bulk.someLeft", { count: formatCount(language, matched - done) })}</p>
      )}
    </section>
  );
}
