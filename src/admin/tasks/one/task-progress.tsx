import type { TaskFacts } from "../../../tasks/reading/execution";
import { formatCount } from "../../shared/format";
import type { View } from "../../shared/view";
import { tasksWords } from "../words";

/** Shows how far a long task is, as it last reported. */
export function TaskProgress({ view, task }: { view: View; task: TaskFacts }) {
  const t = tasksWords(view);
  const { progress_percentage: percent, current_step: step, total_steps: steps } = task;
  if (task.status !== "PROGRESS") {
    return null;
  }
  const all = steps === null ? "" : t("live.steps", { count: formatCount(view.language, steps) });
  const label = [`${percent} %`, step, all];
  // A bulk action's step has a count of its own, so the page's is left out.
  const words = step.includes("/") ? label.slice(0, 2) : label;
  return (
    <div class="progress">
      <progress max={100} value={percent} data-progress="" aria-label={t("live.progress")} />
      <p>
        <bdi>{words.filter(Boolean).join(" · ")}</bdi>
      </p>
    </div>
  );
}
