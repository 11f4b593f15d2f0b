import type { StoredKey } from "../../auth/keys/keys";
import type { View } from "../shared/view";
import { ConfirmPage } from "../shared/confirm";
import { keysWords } from "./words";

export function RevokeKeyPage({ view, stored }: { view: View; stored: StoredKey }) {
  const t = keysWords(view);
  return (
    <ConfirmPage
      view={view}
      title={t("keys.revokeTitle")}
      text={t("keys.revokeText")}
      subject={`${stored.name} · ${stored.id}`}
      submit={t("keys.revoke")}
      back="/admin/keys"
      dangerous
    />
  );
}
