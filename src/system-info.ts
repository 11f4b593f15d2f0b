import { version } from "../package.json";
import { configOf } from "./config";
import { catalogueOf } from "./orders/catalogues";

/** What the overview says of the parts around the engine. The catalogue is as this isolate sees it. */
export async function systemInfo(env: Env): Promise<Record<string, unknown>> {
  const { catalogueUrl } = configOf(env);
  const { breaker, lastAnswerAt } = catalogueOf(env);
  return {
    version,
    catalogue: {
      source: catalogueUrl === "" ? "embedded" : new URL(catalogueUrl).host,
      breaker: breaker.isOpen(Date.now()) ? "open" : "closed",
      last_answer_at: lastAnswerAt > 0 ? new Date(lastAnswerAt).toISOString() : null,
    },
  };
}
