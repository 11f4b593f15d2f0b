import { REASON_CHARACTERS } from "../../../http/reason";
import type { View } from "../view";
import { control, Field } from "./field";
import { sharedWords } from "../words";

/** Asks for the reason of an action that cannot be undone; `wrong` is the refused text. */
export function ReasonField({ view, wrong }: { view: View; wrong?: string }) {
  const t = sharedWords(view);
  const field = { id: "reason", label: t("confirm.reason"), hint: t("confirm.reasonHint") };
  return (
    <Field {...field}>
      <textarea
        {...control(field)}
        rows={3}
        minlength={REASON_CHARACTERS.min}
        maxlength={REASON_CHARACTERS.max}
        aria-invalid={wrong === undefined ? undefined : "true"}
        required
      >
        {wrong ?? ""}
      </textarea>
    </Field>
  );
}
