import type { View } from "../shared/view";
import { ConfirmPage } from "../shared/confirm";
import { ReasonField } from "../shared/components/reason-field";
import { queuesWords } from "./words";

interface PausePageProps {
  view: View;
  queue: string;
  /** `wrongReason` is the reason as typed, if it was refused. */
  wrongReason?: string;
}

export function PausePage({ view, queue, wrongReason }: PausePageProps) {
  const t = queuesWords(view);
  return (
    <ConfirmPage
      view={view}
      title={t("queues.pauseTitle")}
      text={t("queues.pauseText")}
      subject={queue}
      submit={t("queues.pause")}
      back="/admin/queues"
      problem={wrongReason === undefined ? undefined : t("confirm.badReason")}
    >
      <ReasonField view={view} wrong={wrongReason} />
    </ConfirmPage>
  );
}

export function ResumePage({ view, queue }: { view: View; queue: string }) {
  const t = queuesWords(view);
  return (
    <ConfirmPage
      view={view}
      title={t("queues.resumeTitle")}
      text={t("queues.resumeText")}
      subject={queue}
      submit={t("queues.resume")}
      back="/admin/queues"
    />
  );
}
