import { ArchivedNotice } from "../../shared/components/archived";
import { Badge } from "../../shared/components/badge";
import { BulkSummary } from "./bulk-summary";
import { LiveRegion } from "../../shared/components/live-region";
import { JsonBlock } from "./json-block";
import { Notice } from "../../shared/components/notice";
import { Section } from "../../shared/components/section";
import { Timeline } from "./timeline";
import type { TaskFacts } from "../../../tasks/reading/execution";
import { Layout } from "../../shared/layout";
import type { TaskAction } from "../../../tasks/commands/doable";
import type { View } from "../../shared/view";
import { Discarded } from "./discarded";
import { TaskError } from "./task-error";
import { TaskFactList } from "./task-fact-list";
import { TaskProgress } from "./task-progress";
import { tasksWords } from "../words";

interface TaskPageProps {
  view: View;
  task: TaskFacts;
  /** `archivedAt` is when it was archived; undefined for a task in D1. */
  archivedAt: number | undefined;
  /** `computes` are its stages that only compute, whose time is not measurable. */
  computes: readonly string[];
  input: unknown;
  stored: boolean;
  /**
   * `file` is the link to the file of an export; null when it is deleted, undefined for other
   * tasks.
   */
  file: string | null | undefined;
  /** `names` maps those who had a hand in it, as stored, to display names. */
  names: ReadonlyMap<string, string>;
  /** `actions` tells what this person may do to it in its state. */
  actions: Record<TaskAction, boolean>;
}

const RELOAD_SECONDS = 5;

/** DONE maps what was just done to its message. */
const DONE = {
  retry: "task.retried",
  cancel: "task.cancelled",
  discard: "repair.discardedNow",
  replay: "replay.sent",
  bulk: "bulk.begun",
} as const;

const BUTTONS = [
  ["retry", "retries", "task.retry"],
  ["replay", "replays", "replay.button"],
  ["discard", "discards", "repair.discard"],
  ["cancel", "cancellations", "task.cancel"],
] as const;

export function TaskPage(props: TaskPageProps) {
  const { view, task, archivedAt, computes, input, stored, file, names, actions } = props;
  const { url } = view;
  const t = tasksWords(view);
  const path = `/admin/tasks/${encodeURIComponent(task.id)}`;
  const done = url.searchParams.get("done");
  return (
    <Layout
      view={view}
      title={`${t("task.title")} ${task.pedido_id ?? task.id}`}
      reloadIn={task.is_finished ? undefined : RELOAD_SECONDS}
    >
      {done !== null && Object.hasOwn(DONE, done) && (
        <Notice kind="good">{t(DONE[done as keyof typeof DONE])}</Notice>
      )}
      <LiveRegion view={view} about={{ task: task.id }} open={!task.is_finished}>
        <div class="heading" data-task={task.id}>
          <h1>
            {t("task.title")}{" "}
            <span data-status="">
              <Badge view={view} status={task.status} />
            </span>
          </h1>
          <div class="actions">
            {file && (
              <a class="button primary" href={file} download="">
                {t("exports.download")}
              </a>
            )}
            {BUTTONS.filter(([action]) => actions[action]).map(([, resource, label]) => (
              <a class="button" href={`${path}/${resource}`}>
                {t(label)}
              </a>
            ))}
          </div>
        </div>
        <p class="note">
          <code>{task.id}</code>
        </p>
        {task.archived && <ArchivedNotice view={view} at={archivedAt} />}
        {file === null && <p class="note">{t("exports.deleted")}</p>}
        <TaskProgress view={view} task={task} />
        <Discarded view={view} task={task} />
        <TaskError view={view} task={task} names={names} />
        {task.task_name === "system.bulk" && (
          <BulkSummary view={view} input={input} result={task.result_data} />
        )}
        <TaskFactList view={view} task={task} stored={stored} names={names} />
        <Section id="timeline" title={t("task.timeline")}>
          <Timeline view={view} events={task.timeline} computes={computes} names={names} />
        </Section>
        <Section id="input" title={t("task.input")}>
          <JsonBlock view={view} value={input} whole={`${path}/input`} />
        </Section>
        <Section id="result" title={t("task.result")}>
          {task.result_data === null ? (
            <p class="note">{t("task.noResult")}</p>
          ) : (
            <JsonBlock view={view} value={task.result_data} />
          )}
        </Section>
        {task.error_detail !== null && (
          <Section id="detail" title={t("task.errorDetail")}>
            <JsonBlock view={view} value={task.error_detail} />
          </Section>
        )}
      </LiveRegion>
    </Layout>
  );
}
