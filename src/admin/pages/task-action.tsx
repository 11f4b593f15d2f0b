import type { Status } from "../../tasks/states";
import type { Execution } from "../../tasks/execution";
import type { View } from "../view";
import { ConfirmPage } from "./confirm";

export type TaskAction = "retry" | "cancel";

const WORDS = {
  retry: { title: "confirm.retryTitle", text: "confirm.retry", submit: "task.retry" },
  cancel: { title: "confirm.cancelTitle", text: "confirm.cancel", submit: "task.cancel" },
} as const;

interface TaskActionPageProps {
  view: View;
  action: TaskAction;
  task: Execution;
  /** The state that forbade it a moment ago. */
  forbidden?: Status;
}

export function TaskActionPage({ view, action, task, forbidden }: TaskActionPageProps) {
  const { t } = view;
  const { title, text, submit } = WORDS[action];
  return (
    <ConfirmPage
      view={view}
      title={t(title)}
      text={t(text)}
      subject={task.id}
      submit={t(submit)}
      back={`/admin/tasks/${encodeURIComponent(task.id)}`}
      dangerous={action === "cancel"}
      problem={forbidden && t("confirm.forbidden", { state: t(`status.${forbidden}`) })}
    />
  );
}
