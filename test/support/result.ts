import { expect } from "vitest";
import { isRefused, type Result } from "../../src/lib/result";

/** Returns what was asked for; fails the test where it is refused. */
export function grantedOf<T, E>(result: Result<T, E>): T {
  return isRefused(result) ? expect.fail(`refused: ${JSON.stringify(result.why)}`) : result;
}

/** Returns why it is refused; fails the test where it is not. */
export function refusalOf<T, E>(result: Result<T, E>): E {
  return isRefused(result) ? result.why : expect.fail(`not refused: ${JSON.stringify(result)}`);
}
