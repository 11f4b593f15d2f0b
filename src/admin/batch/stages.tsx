import { STAGES, type Stage } from "../../orders/order/order";
import type { View } from "../shared/view";
import { batchWords } from "./words";

export type StageState = "done" | "failed" | "open" | "skipped";

/** Shows the stages of an order and how far it got; the stylesheet adds the signs. */
export function Stages({ view, states }: { view: View; states: Record<Stage, StageState> }) {
  const t = batchWords(view);
  return (
    <ol class="stages">
      {STAGES.map((stage) => (
        <li class={`is-${states[stage]}`} data-stage={stage}>
          {t(`stage.${stage}`)}
          <span class="unseen">: {t(`stageState.${states[stage]}`)}</span>
        </li>
      ))}
    </ol>
  );
}
