import { formatCount } from "../format";
import type { View } from "../view";

const MAX_CHARACTERS = 8000;
/** They reorder what stands around them; escaped, JSON means the same and reads as it is. */
const DIRECTION_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

interface Props {
  view: View;
  value: unknown;
  /** Where all of it is, should it be too long to show. */
  whole?: string;
}

/** JSON as readable text. */
export function JsonBlock({ view, value, whole }: Props) {
  const text = (JSON.stringify(value, null, 2) ?? "null").replaceAll(
    DIRECTION_CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const count = (n: number) => formatCount(view.language, n);
  const shown = text.slice(0, MAX_CHARACTERS).toWellFormed();
  return (
    <>
      <pre class="json" dir="ltr">
        <code>{shown}</code>
      </pre>
      {text.length > MAX_CHARACTERS && (
        <p class="note">
          {view.t("json.truncated", { shown: count(MAX_CHARACTERS), total: count(text.length) })}{" "}
          {whole && <a href={whole}>{view.t("json.whole")}</a>}
        </p>
      )}
    </>
  );
}
