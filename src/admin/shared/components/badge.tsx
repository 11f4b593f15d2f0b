import type { Status } from "../../../tasks/model/states";
import type { View } from "../view";

/** A state as a word; the stylesheet adds a sign and a colour. */
export function Badge({ view, status }: { view: View; status: Status }) {
  return <span class={`badge is-${status.toLowerCase()}`}>{view.t(`status.${status}`)}</span>;
}
