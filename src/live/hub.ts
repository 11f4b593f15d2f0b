import { objectOf } from "../object-of";

/** One hub serves the whole deployment. */
const HUB_NAME = "hub";

export function hubOf(env: Env) {
  return objectOf(env, env.LIVE_HUB, HUB_NAME);
}
