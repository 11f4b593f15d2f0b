import { InputField } from "../shared/components/field";
import { Notice } from "../shared/components/notice";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { siteWords } from "./words";

interface SignInPageProps {
  view: View;
  next: string;
  email?: string;
  /** `refusal` says why the last attempt was refused. */
  refusal?: string;
}

export function SignInPage({ view, next, email, refusal }: SignInPageProps) {
  const t = siteWords(view);
  return (
    <Layout view={view} title={t("signIn.title")}>
      <div class="narrow">
        <h1>{t("signIn.title")}</h1>
        <p class="note">{t("signIn.intro")}</p>
        {view.url.searchParams.has("out") && !refusal && (
          <Notice kind="good">{t("signIn.signedOut")}</Notice>
        )}
        {refusal && <Notice kind="bad">{refusal}</Notice>}
        <form class="stacked" method="post" action="/sign-in">
          <input type="hidden" name="next" value={next} />
          <InputField
            id="email"
            label={t("signIn.email")}
            type="email"
            value={email ?? ""}
            autocomplete="username"
            maxlength={255}
            required
          />
          <InputField
            id="password"
            label={t("signIn.password")}
            type="password"
            autocomplete="current-password"
            maxlength={128}
            required
          />
          <button class="button primary">{t("signIn.submit")}</button>
        </form>
      </div>
    </Layout>
  );
}
