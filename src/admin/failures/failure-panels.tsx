import { cutText } from "../../lib/cut-text";
import type { Engine } from "../../tasks/model/engine";
import { factsOf } from "../../tasks/reading/execution";
import type { TaskView } from "../../tasks/model/queries";
import type { ErrorCount } from "../../tasks/statistics/troubles";
import { errorOf } from "../tasks/one/execution-view";
import { formatCount, formatShare } from "../shared/format";
import type { View } from "../shared/view";
import { ErrorText } from "../shared/components/error-text";
import { Time } from "../shared/components/time";
import { failuresWords } from "./words";

interface FailurePanelsProps {
  view: View;
  engine: Engine;
  /** `errors` counts failures by code, the most frequent first. */
  errors: readonly ErrorCount[];
  latest: readonly TaskView[];
}

const CODES_SHOWN = 8;
/** The panels show two lines of a message; the task's page has all of it. */
const MAX_MESSAGE = 160;

/** Shows the most frequent among the latest failures, and the last ones. */
export function FailurePanels({ view, engine, errors, latest }: FailurePanelsProps) {
  const { language } = view;
  const t = failuresWords(view);
  const looked = errors.reduce((sum, { count }) => sum + count, 0);
  return (
    <div class="panels">
      <section id="errors" aria-labelledby="errors-title">
        <h2 id="errors-title">{t("failing.codes")}</h2>
        {looked === 0 ? (
          <p class="nothing">{t("failing.none")}</p>
        ) : (
          <>
            <ErrorTable view={view} errors={errors.slice(0, CODES_SHOWN)} looked={looked} />
            <p class="note">{t("failing.looked", { count: formatCount(language, looked) })}</p>
          </>
        )}
      </section>
      <section id="recent-failures" aria-labelledby="recent-failures-title">
        <h2 id="recent-failures-title">{t("failing.recent")}</h2>
        {looked === 0 ? (
          <p class="nothing">{t("failing.none")}</p>
        ) : (
          <ul class="recent">
            {latest.map((task) => {
              const error = errorOf(factsOf(task, engine));
              return (
                <li data-task={task.id}>
                  <a href={`/admin/tasks/${encodeURIComponent(task.id)}`}>
                    <bdi>{task.subject ?? task.name}</bdi>
                  </a>{" "}
                  <span class="note">
                    <Time at={task.finished_at ?? task.created_at} />
                  </span>
                  {error && (
                    <ErrorText code={error.code} message={cutText(error.message, MAX_MESSAGE)} />
                  )}
                </li>
              );
            })}
          </ul>
        )}
      </section>
    </div>
  );
}

interface ErrorTableProps {
  view: View;
  errors: readonly ErrorCount[];
  looked: number;
}

function ErrorTable({ view, errors, looked }: ErrorTableProps) {
  const { language } = view;
  const t = failuresWords(view);
  return (
    <table class="rows">
      <caption class="unseen">{t("failing.codes")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("failing.code")}</th>
          <th scope="col" class="number">
            {t("failing.count")}
          </th>
          <th scope="col" class="number">
            {t("failing.share")}
          </th>
          <th scope="col">{t("failing.message")}</th>
        </tr>
      </thead>
      <tbody>
        {errors.map(({ code, count, message }) => (
          <tr data-key={code}>
            <th scope="row" data-label={t("failing.code")} class="code">
              <a href={`/admin/tasks?status=FAILURE&q=${encodeURIComponent(code)}`}>{code}</a>
            </th>
            <td data-label={t("failing.count")} class="number">
              {formatCount(language, count)}
            </td>
            <td data-label={t("failing.share")} class="number">
              {formatShare(view, count / looked)}
            </td>
            <td data-label={t("failing.message")}>
              <bdi class="clamped">{cutText(message, MAX_MESSAGE)}</bdi>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
