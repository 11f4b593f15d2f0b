import type { QueueView } from "../queues/read-queues";
import { formatCount, formatDuration } from "../shared/format";
import type { View } from "../shared/view";
import { QueueBadge } from "../queues/queue-badge";
import { dashboardWords } from "./words";

/** Lists what waits in each queue, and for how long. */
export function QueueTable({ view, queues }: { view: View; queues: readonly QueueView[] }) {
  const { language } = view;
  const t = dashboardWords(view);
  const count = (value: number) => formatCount(language, value);
  return (
    <table class="rows">
      <caption class="unseen">{t("queues.title")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("queues.queue")}</th>
          <th scope="col">{t("queues.state")}</th>
          <th scope="col" class="number">
            {t("queues.due")}
          </th>
          <th scope="col" class="number">
            {t("queues.oldest")}
          </th>
          <th scope="col" class="number">
            {t("queues.waiting")}
          </th>
          <th scope="col" class="number">
            {t("queues.workers")}
          </th>
        </tr>
      </thead>
      <tbody>
        {queues.map(({ backlog, state, workers }) => (
          <tr data-queue={backlog.queue}>
            <th scope="row" data-label={t("queues.queue")} class="tight">
              <a href={`/admin/queues#queue-${backlog.queue}`}>
                <bdi>{backlog.queue}</bdi>
              </a>
            </th>
            <td data-label={t("queues.state")} class="corner">
              <QueueBadge view={view} state={state} />
            </td>
            <td data-label={t("queues.due")} class="number">
              {count(backlog.due) + (backlog.capped ? "+" : "")}
            </td>
            <td data-label={t("queues.oldest")} class="number">
              {backlog.oldestMs === null ? null : formatDuration(view, backlog.oldestMs / 1000)}
            </td>
            <td data-label={t("queues.waiting")} class="number">
              {count(backlog.waiting)}
            </td>
            <td data-label={t("queues.workers")} class="number">
              {count(workers.length)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
