import type { Total } from "../../http/paging";
import type { BulkQuery } from "./bulk-query";
import { FilterFacts } from "./filter-facts";
import { Notice } from "../shared/components/notice";
import { ReasonField } from "../shared/components/reason-field";
import { formatCount } from "../shared/format";
import { Layout } from "../shared/layout";
import { taskQuery } from "../tasks/list/task-query";
import type { View } from "../shared/view";
import { bulkWords } from "./words";

interface BulkPageProps {
  view: View;
  query: BulkQuery;
  /** `found` is how many tasks the action would change now. */
  found: Total;
  /** `wrongReason` is the reason as typed, if it was refused. */
  wrongReason?: string;
}

/** Asks before something is done to many tasks: how many, and what it means. */
export function BulkPage({ view, query, found, wrongReason }: BulkPageProps) {
  const { url, language } = view;
  const t = bulkWords(view);
  const { action, ids } = query;
  const count = formatCount(language, found.count) + (found.capped ? "+" : "");
  const left = ids ? ids.length - found.count : 0;
  const tasks = `/admin/tasks?${taskQuery(query.typed)}`;
  const title = t(found.count === 1 ? `bulk.${action}One` : `bulk.${action}Many`, { count });
  return (
    <Layout view={view} title={title}>
      <div class="narrow">
        <h1>{title}</h1>
        {ids?.length === 0 ? (
          <Notice kind="bad">{t("bulk.nonePicked")}</Notice>
        ) : (
          found.count === 0 && <Notice kind="bad">{t(`bulk.${action}None`)}</Notice>
        )}
        {wrongReason !== undefined && <Notice kind="bad">{t("confirm.badReason")}</Notice>}
        {ids ? (
          <p>{t("bulk.picked", { count: formatCount(language, ids.length) })}</p>
        ) : (
          <FilterFacts view={view} typed={query.typed} />
        )}
        {left > 0 && found.count > 0 && (
          <p>{t("bulk.left", { count: formatCount(language, left) })}</p>
        )}
        {found.capped && <p>{t("bulk.capped", { count: formatCount(language, found.count) })}</p>}
        {found.count > 0 && (
          <>
            <p>{t(`bulk.${action}Means`)}</p>
            <p>
              <strong>{t("bulk.noUndo")}</strong> {t("bulk.isTask")}
            </p>
          </>
        )}
        <form class="stacked" method="post" action={url.pathname}>
          {query.fields.map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          {action === "discard" && found.count > 0 && (
            <ReasonField view={view} wrong={wrongReason} />
          )}
          <p class="actions">
            {found.count > 0 && (
              <button class={`button ${action === "retry" ? "primary" : "danger"}`}>{title}</button>
            )}
            <a class="button" href={tasks}>
              {t("confirm.back")}
            </a>
          </p>
        </form>
      </div>
    </Layout>
  );
}
