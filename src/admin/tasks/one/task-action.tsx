import type { TaskFacts } from "../../../tasks/reading/execution";
import type { Status } from "../../../tasks/model/states";
import { ReasonField } from "../../shared/components/reason-field";
import type { TaskAction } from "../../../tasks/commands/doable";
import type { View } from "../../shared/view";
import { ConfirmPage } from "../../shared/confirm";
import { tasksWords } from "../words";

/** A ConfirmedAction needs only a yes. */
export type ConfirmedAction = Exclude<TaskAction, "replay">;

const WORDS = {
  retry: { title: "confirm.retryTitle", text: "confirm.retry", submit: "task.retry" },
  cancel: { title: "confirm.cancelTitle", text: "confirm.cancel", submit: "task.cancel" },
  discard: { title: "repair.discardTitle", text: "repair.discardMeans", submit: "repair.discard" },
} as const;

interface TaskActionPageProps {
  view: View;
  action: ConfirmedAction;
  task: TaskFacts;
  /** `forbidden` is the state that forbade the action a moment ago. */
  forbidden?: Status;
  /** `wrongReason` is the reason as typed, if it was refused. */
  wrongReason?: string;
}

export function TaskActionPage(props: TaskActionPageProps) {
  const { view, action, task, forbidden, wrongReason } = props;
  const t = tasksWords(view);
  const { title, text, submit } = WORDS[action];
  const state = forbidden && t(`status.${forbidden}`);
  const isDiscarded = action === "discard" && task.discard_reason !== null;
  return (
    <ConfirmPage
      view={view}
      title={t(title)}
      text={t(text)}
      subject={task.id}
      submit={t(submit)}
      back={`/admin/tasks/${encodeURIComponent(task.id)}`}
      dangerous={action !== "retry"}
      problem={
        wrongReason === undefined
          ? state &&
            (isDiscarded ? t("repair.alreadyDiscarded") : t("confirm.forbidden", { state }))
          : t("confirm.badReason")
      }
    >
      {action === "discard" && <ReasonField view={view} wrong={wrongReason} />}
    </ConfirmPage>
  );
}
