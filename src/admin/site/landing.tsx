import { STAGES } from "../../orders/order/order";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { siteWords } from "./words";

interface LandingPageProps {
  view: View;
  demo: boolean;
  /** `sourceUrl` is empty when it is not known. */
  sourceUrl: string;
}

export function LandingPage({ view, demo, sourceUrl }: LandingPageProps) {
  const t = siteWords(view);
  return (
    <Layout view={view} title={t("product.tagline")}>
      <section class="hero">
        <h1>{t("landing.title")}</h1>
        <p>{t("landing.what")}</p>
        {demo ? (
          <form method="get" action="/pedidos/iniciar">
            <button class="button primary large">{t("landing.start")}</button>
            <p class="note">{t("landing.startNote")}</p>
          </form>
        ) : (
          <p class="note">{t("landing.demoOff")}</p>
        )}
      </section>
      <section aria-labelledby="stages">
        <h2 id="stages">{t("landing.stages")}</h2>
        <ol class="flow">
          {STAGES.map((stage) => (
            <li>
              <strong>{t(`stage.${stage}`)}</strong>
              <span>{t(`stage.${stage}.what`)}</span>
            </li>
          ))}
        </ol>
      </section>
      <section aria-labelledby="links">
        <h2 id="links">{t("landing.links")}</h2>
        <ul class="cards">
          <li>
            <a href="/admin/">{t("landing.console")}</a>
            <span>{t("landing.consoleNote")}</span>
          </li>
          <li>
            <a href="/api/docs">{t("landing.apiDocs")}</a>
            <span>{t("landing.apiDocsNote")}</span>
          </li>
          <li>
            {sourceUrl === "" ? (
              <strong>{t("landing.source")}</strong>
            ) : (
              <a href={sourceUrl}>{t("landing.source")}</a>
            )}
            <span>{t("landing.sourceNote")}</span>
          </li>
        </ul>
      </section>
    </Layout>
  );
}
