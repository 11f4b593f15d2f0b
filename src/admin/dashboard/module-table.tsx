import { endsOf, quantileSeconds } from "../../tasks/statistics/stats";
import { type ModuleSummary, shareEndedWell } from "./dashboard-data";
import { formatCount, formatDuration, formatShare } from "../shared/format";
import type { View } from "../shared/view";
import { dashboardWords } from "./words";

/** Lists what each module did in the last days, with a link to its page. */
export function ModuleTable({ view, modules }: { view: View; modules: readonly ModuleSummary[] }) {
  const { language } = view;
  const t = dashboardWords(view);
  return (
    <table class="rows">
      <caption class="unseen">{t("modules.title")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("modules.module")}</th>
          <th scope="col" class="number">
            {t("modules.accepted")}
          </th>
          <th scope="col" class="number">
            {t("modules.succeeded")}
          </th>
          <th scope="col" class="number">
            {t("modules.failed")}
          </th>
          <th scope="col" class="number">
            {t("modules.endedWell")}
          </th>
          <th scope="col" class="number">
            p50
          </th>
          <th scope="col" class="number">
            p95
          </th>
        </tr>
      </thead>
      <tbody>
        {modules.map(({ module, counts }) => {
          const { success, failure } = endsOf(counts);
          const share = shareEndedWell(counts);
          const seconds = [0.5, 0.95].map((part) => quantileSeconds(counts, part));
          return (
            <tr data-module={module}>
              <th scope="row" data-label={t("modules.module")}>
                <a href={`/admin/modules/${encodeURIComponent(module)}`}>
                  <bdi>{module}</bdi>
                </a>
              </th>
              <td data-label={t("modules.accepted")} class="number">
                {formatCount(language, counts.created)}
              </td>
              <td data-label={t("modules.succeeded")} class="number">
                {formatCount(language, success)}
              </td>
              <td data-label={t("modules.failed")} class="number">
                {formatCount(language, failure)}
              </td>
              <td data-label={t("modules.endedWell")} class="number">
                {share === null ? null : formatShare(view, share)}
              </td>
              {seconds.map((value, index) => (
                <td data-label={index === 0 ? "p50" : "p95"} class="number">
                  {value === null ? null : formatDuration(view, value)}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
