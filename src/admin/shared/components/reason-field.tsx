import { isVisible } from "../../../lib/visible";
import type { View } from "../view";

const LENGTH = { min: 3, max: 500 };

/** A form's reason; `wrong` is what was typed when it is too short or too long to be one. */
export interface Reason {
  reason?: string;
  wrong?: string;
}

export function readReason(typed: unknown): Reason {
  const reason = typeof typed === "string" ? typed.trim() : "";
  const isFit = reason.length >= LENGTH.min && reason.length <= LENGTH.max && isVisible(reason);
  return isFit ? { reason } : { wrong: reason };
}

/** Why somebody does what cannot be undone. */
export function ReasonField({ view, wrong }: { view: View; wrong?: string }) {
  const { t } = view;
  return (
    <div class="field">
      <label for="reason">{t("confirm.reason")}</label>
      <textarea
        id="reason"
        name="reason"
        rows={3}
        minlength={LENGTH.min}
        maxlength={LENGTH.max}
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
