import { hasKey, type Words } from "../../../i18n/words";
import type { View } from "../view";
import { Notice } from "./notice";

interface DoneNoticeProps<Key extends string> {
  view: View;
  words: Words<Key>;
  keyOf: (done: string) => string;
}

/** Shows what the form that led here has done, as `?done=` names it. */
export function DoneNotice<Key extends string>({ view, words, keyOf }: DoneNoticeProps<Key>) {
  const key = keyOf(view.url.searchParams.get("done") ?? "");
  return hasKey(words, key) ? <Notice kind="good">{words(view)(key)}</Notice> : null;
}
