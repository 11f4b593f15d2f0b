import type { Worker } from "../../tasks/statistics/workers";
import { formatCount, formatDuration, shortId } from "../shared/format";
import type { View } from "../shared/view";
import { Time } from "../shared/components/time";
import { queuesWords } from "./words";

interface WorkerTableProps {
  view: View;
  workers: readonly Worker[];
  now: number;
}

const SHOWN = 50;
/** A worker's row shows at most this many of its tasks. */
export const WORKER_TASKS_SHOWN = 3;

/** Lists consumers at work: what they run, and since when. */
export function WorkerTable({ view, workers, now }: WorkerTableProps) {
  const { language } = view;
  const t = queuesWords(view);
  if (workers.length === 0) {
    return <p class="nothing">{t("workers.none")}</p>;
  }
  return (
    <>
      <table class="rows">
        <caption class="unseen">{t("workers.title")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("workers.worker")}</th>
            <th scope="col">{t("workers.queue")}</th>
            <th scope="col">{t("workers.runs")}</th>
            <th scope="col">{t("workers.since")}</th>
          </tr>
        </thead>
        <tbody>
          {workers.slice(0, SHOWN).map((worker) => (
            <WorkerRow view={view} worker={worker} now={now} />
          ))}
        </tbody>
      </table>
      {workers.length > SHOWN && (
        <p class="note">
          {t("workers.more", { count: formatCount(language, workers.length - SHOWN) })}
        </p>
      )}
    </>
  );
}

function WorkerRow({ view, worker, now }: { view: View; worker: Worker; now: number }) {
  const { language } = view;
  const t = queuesWords(view);
  const { tasks, batchSize, since, expiresAt } = worker;
  const shown = tasks.slice(0, WORKER_TASKS_SHOWN);
  const more = batchSize - shown.length;
  const names = [...new Set(tasks.map(({ name }) => name))].join(", ");
  return (
    <tr data-worker={worker.worker}>
      <th scope="row" data-label={t("workers.worker")}>
        <a href={`/admin/tasks?worker=${encodeURIComponent(worker.worker)}`}>
          <bdi>{worker.worker}</bdi>
        </a>
        {expiresAt <= now && <span class="problem"> {t("workers.silent")}</span>}
      </th>
      <td data-label={t("workers.queue")} class="tight">
        <bdi>{worker.queue}</bdi>
      </td>
      <td data-label={t("workers.runs")}>
        <span>
          <bdi>{names}</bdi>{" "}
          {shown.map(({ id }) => (
            <>
              <a class="code" href={`/admin/tasks/${encodeURIComponent(id)}`}>
                {shortId(id)}
              </a>{" "}
            </>
          ))}
          {more > 0 && (
            <span class="note">{t("workers.others", { count: formatCount(language, more) })}</span>
          )}
        </span>
      </td>
      <td data-label={t("workers.since")}>
        <span>
          <Time at={since} />{" "}
          <span class="note">({formatDuration(view, Math.max(0, now - since) / 1000)})</span>
        </span>
      </td>
    </tr>
  );
}
