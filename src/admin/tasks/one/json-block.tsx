import { prettyJson } from "./pretty-json";
import { formatCount } from "../../shared/format";
import type { View } from "../../shared/view";
import { tasksWords } from "../words";

const MAX_CHARACTERS = 8000;

interface Props {
  view: View;
  value: unknown;
  /** `whole` is where all of it is, for a value too long to show. */
  whole?: string;
}

/** Shows a value as indented JSON. */
export function JsonBlock({ view, value, whole }: Props) {
  const t = tasksWords(view);
  const text = prettyJson(value);
  const count = (n: number) => formatCount(view.language, n);
  const shown = text.slice(0, MAX_CHARACTERS).toWellFormed();
  return (
    <>
      <pre class="json" dir="ltr">
        <code>{shown}</code>
      </pre>
      {text.length > MAX_CHARACTERS && (
        <p class="note">
          {t("json.truncated", { shown: count(MAX_CHARACTERS), total: count(text.length) })}{" "}
          {whole && <a href={whole}>{t("json.whole")}</a>}
        </p>
      )}
    </>
  );
}
