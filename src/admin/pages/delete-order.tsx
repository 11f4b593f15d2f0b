import type { View } from "../view";
import { ConfirmPage } from "./confirm";

interface DeleteOrderPageProps {
  view: View;
  id: string;
  /** As it was typed, when it was not accepted. */
  reason?: string;
}

export const REASON_LENGTH = { min: 3, max: 500 };

export function DeleteOrderPage({ view, id, reason }: DeleteOrderPageProps) {
  const { t } = view;
  const problem = reason === undefined ? undefined : t("confirm.badReason");
  return (
    <ConfirmPage
      view={view}
      title={t("confirm.deleteTitle")}
      text={t("confirm.delete")}
      subject={id}
      submit={t("order.delete")}
      back={`/admin/orders/${encodeURIComponent(id)}`}
      dangerous
      problem={problem}
    >
      <div class="field">
        <label for="reason">{t("confirm.reason")}</label>
        <textarea
          id="reason"
          name="reason"
          rows={3}
          minlength={REASON_LENGTH.min}
          maxlength={REASON_LENGTH.max}
          aria-describedby="reason-hint"
          aria-invalid={problem ? "true" : undefined}
          required
        >
          {reason ?? ""}
        </textarea>
        <span class="note" id="reason-hint">
          {t("confirm.reasonHint")}
        </span>
      </div>
    </ConfirmPage>
  );
}
