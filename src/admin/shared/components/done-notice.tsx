import { isKey } from "../../../i18n/translate";
import type { View } from "../view";
import { Notice } from "./notice";

/** What was done by the form that led here, as `?done=` says it. */
export function DoneNotice({ view, keyOf }: { view: View; keyOf: (done: string) => string }) {
  const key = keyOf(view.url.searchParams.get("done") ?? "");
  return isKey(key) ? <Notice kind="good">{view.t(key)}</Notice> : null;
}
