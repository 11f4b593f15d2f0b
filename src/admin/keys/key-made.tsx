import { Field } from "../shared/components/field";
import { Notice } from "../shared/components/notice";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { keysWords } from "./words";

/** Shows a key whole, this one time; focus or a click selects it, ready to be copied. */
export function KeyMadePage({ view, name, value }: { view: View; name: string; value: string }) {
  const t = keysWords(view);
  return (
    <Layout view={view} title={t("keys.madeTitle")}>
      <div class="narrow made">
        <h1>{t("keys.madeTitle")}</h1>
        <Notice kind="good">{t("keys.made", { name })}</Notice>
        <Field id="key" label={t("keys.key")}>
          <input
            id="key"
            class="secret"
            value={value}
            autocomplete="off"
            spellcheck={false}
            readonly
          />
        </Field>
        <p>{t("keys.onlyNow")}</p>
        <p class="note">{t("keys.use")}</p>
        <code class="subject copyable">Authorization: Bearer {value}</code>
        <p class="actions">
          <a class="button primary" href="/admin/keys">
            {t("keys.kept")}
          </a>
        </p>
      </div>
    </Layout>
  );
}
