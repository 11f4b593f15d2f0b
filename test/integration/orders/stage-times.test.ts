/** What is shown as a time was one, even where the clock moves only with I/O. */
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { Engine } from "../../../src/tasks/model/engine";
import { toExecution } from "../../../src/tasks/reading/execution";
import { stopClock } from "../../platform/clock";
import { strictD1 } from "../../platform/d1";
import { strictObjects } from "../../platform/objects";
import { adminSession } from "../../support/api";
import { CATALOGUE_URL, stubCatalogue } from "../../support/catalogue";
import {
  deliver,
  orderEngine,
  storeOrders,
  storeTasks,
  taskOf,
  testEnv,
} from "../../support/engine";
import { anOrder } from "../../support/orders";
import { visit } from "../../support/pages";
import { aDefinition } from "../../support/tasks";

const ROUND_TRIP_MS = 20;

let moveAgain = () => {};

afterEach(() => {
  moveAgain();
  vi.restoreAllMocks();
});

/**
 * Makes an environment in which everything outside takes its time, and nothing else moves the
 * clock.
 */
function farAway(): Env {
  return testEnv({
    CATALOGUE_URL,
    DB: strictD1(env.DB, { roundTripMs: ROUND_TRIP_MS }),
    ORDER_REGISTRY: strictObjects(env.ORDER_REGISTRY as DurableObjectNamespace<never>, {
      roundTripMs: ROUND_TRIP_MS,
    }),
    CATALOGUE: strictObjects(env.CATALOGUE as DurableObjectNamespace<never>, {
      roundTripMs: ROUND_TRIP_MS,
    }),
  });
}

/** Returns, by event, the moment it is shown with, and the time it is shown to have taken. */
async function shownOf(id: string): Promise<Record<string, { when: string; took: string }>> {
  const response = await visit(`/admin/tasks/${id}?lang=en`, { cookie: await adminSession() });
  const items = (await response.text()).match(/<ol class="timeline">[^]*?<\/ol>/)?.[0].split("<li");
  const textOf = (item: string, part: string) => {
    const html = new RegExp(`<span class="${part}">([^]*?)(<span class="w|<span class="took|</li)`);
    return (html.exec(item)?.[1] ?? "").replaceAll(/<[^>]*>/g, "").trim();
  };
  const shown = (items ?? []).slice(1).map((item) => {
    const name = /<strong>(.*?)<\/strong>/.exec(item)?.[1] ?? "";
    return [name, { when: textOf(item, "when"), took: textOf(item, "took") }] as const;
  });
  return Object.fromEntries(shown);
}

it("an order's page shows how long it waited, and its stages that compute without a time", async () => {
  stubCatalogue();
  const far = farAway();
  const [id = ""] = await storeOrders(env, [anOrder()]);
  moveAgain = stopClock();
  await deliver([id], far);
  moveAgain();
  const { timeline } = toExecution(await taskOf(id), orderEngine);
  const at = Object.fromEntries(timeline.map((event) => [event.event, Date.parse(event.at)]));
  expect(Object.keys(at)).toEqual([
    "queued",
    "started",
    "validate",
    "enrich",
    "price",
    "persist",
    "finished",
  ]);
  expect([at["price"], at["persist"], at["finished"]]).toEqual(Array(3).fill(at["enrich"]));
  const waited = (at["enrich"] ?? 0) - (at["started"] ?? 0);
  // The waits are for D1, the registry and the catalogue.
  expect(waited).toBeGreaterThanOrEqual(3 * ROUND_TRIP_MS);

  const shown = await shownOf(id);
  const none = { when: "", took: "" };
  expect(shown).toMatchObject({ Validated: none, Priced: none, Stored: none });
  expect(shown["Enriched"]?.took).toMatch(new RegExp(`\\+${waited} ms$`));
  expect(shown["Started"]?.when).toMatch(/\d\d\.\d{3}/);
  // The end is shown where the task began to be stored, before any wait.
  expect(shown["Ended"]).toMatchObject({ took: "" });
  expect(JSON.stringify(shown)).not.toMatch(/\+0 ms/);
});

it("a task that only computes took as long as it did", async () => {
  const { now: reallyNow } = Date;
  const busy = aDefinition({
    timeoutMs: 60_000,
    run: async () => {
      const began = reallyNow();
      let turns = 0;
      while (reallyNow() - began < 100) {
        turns += 1;
      }
      return { kind: "done", result: turns };
    },
  });
  const engine = new Engine([busy]);
  const [id = ""] = await storeTasks(env, busy, [1]);
  moveAgain = stopClock();
  await deliver([id], testEnv({ DB: strictD1(env.DB) }), engine);
  moveAgain();
  expect(toExecution(await taskOf(id), engine).duration_seconds).toBeGreaterThanOrEqual(0.1);
});
