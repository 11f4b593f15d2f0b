import { BURIED } from "../../tasks/running/dead-letters";
import type { FailureGroup } from "../../tasks/statistics/failure-groups";
import { Time } from "../shared/components/time";
import { formatCount, shortId } from "../shared/format";
import type { View } from "../shared/view";
import { adviceOn } from "../tasks/one/error-advice";
import { taskQuery } from "../tasks/list/task-query";
import type { FailureQuery } from "./failure-query";
import { failuresWords } from "./words";

interface FailureGroupRowProps {
  view: View;
  query: FailureQuery;
  group: FailureGroup;
  mayAct: boolean;
}

/** Shows failures of one kind: how many, since when, and what to do about them. */
export function FailureGroupRow({ view, query, group, mayAct }: FailureGroupRowProps) {
  const { language } = view;
  const t = failuresWords(view);
  const { name, code, message, count, firstAt, lastAt, example } = group;
  const { from, to, zone } = query.typed;
  const filter = { status: "FAILURE", discarded: "no", name, code, message, from, to, zone };
  const tasks = taskQuery(filter);
  const advice = adviceOn(code, name);
  return (
    <tr data-key={`${name} ${code} ${message}`}>
      <th scope="row" data-label={t("tasks.error")}>
        <span class="error">
          <code>{code}</code> <bdi>{message}</bdi>
        </span>
        {advice && <p class="note advice">{t(advice)}</p>}
      </th>
      <td data-label={t("failures.count")} class="number corner">
        <strong>{formatCount(language, count)}</strong>
      </td>
      <td data-label={t("tasks.name")} class="tight">
        <bdi>{name}</bdi>
      </td>
      <td data-label={t("failures.when")}>
        <span>
          {count > 1 && (
            <>
              <Time at={firstAt} /> –{" "}
            </>
          )}
          <Time at={lastAt} />
        </span>
      </td>
      <td data-label={t("failures.next")}>
        <span class="group-actions">
          <a href={`/admin/tasks?${tasks}`}>{t("failures.see")}</a>
          {mayAct && (
            <>
              {name !== BURIED.name && (
                <a href={`/admin/tasks/bulk/matching?action=retry&${tasks}`}>
                  {t("failures.retryAll")}
                </a>
              )}
              <a href={`/admin/tasks/bulk/matching?action=discard&${tasks}`}>
                {t("failures.discardAll")}
              </a>
            </>
          )}
          <a href={`/admin/tasks/${example.id}`}>
            {t("failures.example", { id: shortId(example.subject ?? example.id) })}
          </a>
        </span>
      </td>
    </tr>
  );
}
