import { ReasonField } from "../shared/components/reason-field";
import type { View } from "../shared/view";
import { ConfirmPage } from "../shared/confirm";
import { ordersWords } from "./words";

interface DeleteOrderPageProps {
  view: View;
  id: string;
  /** `wrongReason` is the reason as typed, if it was refused. */
  wrongReason?: string;
}

export function DeleteOrderPage({ view, id, wrongReason }: DeleteOrderPageProps) {
  const t = ordersWords(view);
  return (
    <ConfirmPage
      view={view}
      title={t("confirm.deleteTitle")}
      text={t("confirm.delete")}
      subject={id}
      submit={t("order.delete")}
      back={`/admin/orders/${encodeURIComponent(id)}`}
      dangerous
      problem={wrongReason === undefined ? undefined : t("confirm.badReason")}
    >
      <ReasonField view={view} wrong={wrongReason} />
    </ConfirmPage>
  );
}
