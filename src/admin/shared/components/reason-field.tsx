import { REASON_CHARACTERS } from "../../../http/reason";
import type { View } from "../view";

/** Why somebody does what cannot be undone; `wrong` is what was typed that is no reason. */
export function ReasonField({ view, wrong }: { view: View; wrong?: string }) {
  const { t } = view;
  return (
    <div class="field">
      <label for="reason">{t("confirm.reason")}</label>
      <textarea
        id="reason"
        name="reason"
        rows={3}
        minlength={REASON_CHARACTERS.min}
        maxlength={REASON_CHARACTERS.max}
        aria-describedby="reason-hint"
        aria-invalid={wrong === undefined ? undefined : "true"}
        required
      >
        {wrong ?? ""}
      </textarea>
      <span class="note" id="reason-hint">
        {t("confirm.reasonHint")}
      </span>
    </div>
  );
}
