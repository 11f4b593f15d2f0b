import { isTaskId } from "../../../lib/ids";
import type { TaskFacts } from "../../../tasks/reading/execution";
import type { View } from "../../shared/view";
import { TaskLink } from "./task-link";
import { tasksWords } from "../words";

/** Older versions noted a replay only in the reason, in this form. */
const OLD_REASON = /^replayed as (\S+)$/;

/** Shows why nobody need look at this failure any more. */
export function Discarded({ view, task }: { view: View; task: TaskFacts }) {
  const t = tasksWords(view);
  const reason = task.discard_reason;
  if (reason === null) {
    return null;
  }
  const copy = replayedAs(task, reason);
  return (
    <section class="box is-discarded" aria-labelledby="discarded">
      <h2 id="discarded">{t("repair.isDiscarded")}</h2>
      {copy !== null ? (
        <p>
          {t("replay.as")} <TaskLink id={copy} />
        </p>
      ) : (
        <p>
          <bdi>{reason}</bdi>
        </p>
      )}
    </section>
  );
}

/** Returns the id of the edited copy that replaces a discarded task, or null. */
function replayedAs({ timeline }: TaskFacts, reason: string): string | null {
  const noted = timeline.findLast(({ event }) => event === "discarded") as
    | { replayed_as?: unknown }
    | undefined;
  const copy = noted?.replayed_as ?? OLD_REASON.exec(reason)?.[1];
  return typeof copy === "string" && isTaskId(copy) ? copy : null;
}
