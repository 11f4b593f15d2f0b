/** One hub serves the whole deployment. */
const HUB_NAME = "hub";

export function hubOf(env: Env) {
  return env.LIVE_HUB.getByName(HUB_NAME);
}
