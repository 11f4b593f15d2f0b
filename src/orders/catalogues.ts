import { configOf } from "../config";
import { Catalogue } from "./catalogue";

const catalogues = new WeakMap<object, Catalogue>();

/** The isolate's catalogue: its cache and breaker outlive a batch. */
export function catalogueOf(env: Env): Catalogue {
  const config = configOf(env);
  let catalogue = catalogues.get(config);
  if (!catalogue) {
    catalogue = new Catalogue(config);
    catalogues.set(config, catalogue);
  }
  return catalogue;
}
