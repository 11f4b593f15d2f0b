import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { publishToHub } from "../../../src/live/publisher";
import { catalogueStatus } from "../../../src/orders/catalogue/catalogue";
import { lookNow } from "../../../src/tasks/recovery/recovery-alarm";
import { deliver, storeOrders, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";

const NAMESPACES = ["ORDER_REGISTRY", "CATALOGUE", "LIVE_HUB", "RECOVERY"] as const;

/** Uses every kind of object, and returns the options that each was asked for with. */
async function hintsWith(LOCATION: string): Promise<Record<string, unknown>> {
  const hints: Record<string, unknown> = {};
  const noting = (namespace: (typeof NAMESPACES)[number]) => ({
    getByName(name: string, options: unknown) {
      hints[namespace] = options;
      return env[namespace].getByName(name);
    },
  });
  const namespaces = Object.fromEntries(NAMESPACES.map((each) => [each, noting(each)]));
  const tested = testEnv({ ...namespaces, LOCATION });
  const [id = ""] = await storeOrders(tested, [anOrder()]);
  await deliver([id], tested);
  expect((await taskOf(id)).status).toBe("SUCCESS");
  await lookNow(tested);
  await catalogueStatus(tested);
  await publishToHub(tested, () => []);
  return hints;
}

it("makes every object where LOCATION says", async () => {
  const hint = { locationHint: "weur" };
  expect(await hintsWith("weur")).toEqual(
    Object.fromEntries(NAMESPACES.map((each) => [each, hint])),
  );
});

it("leaves the place to the platform without one", async () => {
  const hints = await hintsWith("");
  expect(Object.keys(hints)).toContain("ORDER_REGISTRY");
  expect(new Set(Object.values(hints).map((each) => JSON.stringify(each)))).toEqual(
    new Set(["{}"]),
  );
});
