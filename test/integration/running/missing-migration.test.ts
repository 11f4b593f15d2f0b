/** Code runs on a schema older than itself, as a deployment does that nobody has migrated yet. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Engine } from "../../../src/tasks/model/engine";
import { post } from "../../support/api-orders";
import { expectProblem } from "../../support/api";
import { CATALOGUE_URL, product, stubCatalogue } from "../../support/catalogue";
import { deliver, storeTasks, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { Simulation } from "../../support/simulation";
import { aDefinition } from "../../support/tasks";

const MINUTE = 60_000;

/** Each migration has SQL that takes away what it adds, and SQL that gives it back. */
const MIGRATIONS: [what: string, undo: string, apply: string][] = [
  [
    "a column that an order is stored with",
    "ALTER TABLE orders RENAME COLUMN customer_folded TO later",
    "ALTER TABLE orders RENAME COLUMN later TO customer_folded",
  ],
  [
    "a column that a claim reads",
    "ALTER TABLE tasks RENAME COLUMN finished_steps TO later",
    "ALTER TABLE tasks RENAME COLUMN later TO finished_steps",
  ],
  [
    "a column that a settle writes",
    "ALTER TABLE tasks RENAME COLUMN worker TO later",
    "ALTER TABLE tasks RENAME COLUMN later TO worker",
  ],
  [
    "an index that recovery names",
    "DROP INDEX tasks_unsent",
    `CREATE INDEX tasks_unsent ON tasks (queue, check_at)
       WHERE status IN ('PENDING','RETRY') AND sent_at IS NULL`,
  ],
];

beforeEach(async () => {
  await Simulation.clear();
  vi.useFakeTimers({ toFake: ["Date"], shouldAdvanceTime: true });
  stubCatalogue(product);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe.each(MIGRATIONS)("until the migration of %s comes", (_what, undo, apply) => {
  it("tasks wait without an attempt, a crash or a suspicion, and then all end well", async () => {
    const world = new Simulation({ CATALOGUE_URL, RECOVERY_SECONDS: "30" });
    const ids = await world.accept(Array.from({ length: 10 }, () => anOrder()));
    await env.DB.prepare(undo).run();
    try {
      // The dropped messages make recovery, too, wait for the migration.
      world.queue.drop(world.queue.messages.slice(5));
      await world.run(10 * MINUTE);
    } finally {
      await env.DB.prepare(apply).run();
    }
    await world.run(20 * MINUTE);
    expect(await world.ends()).toEqual({
      tasks: { SUCCESS: 10 },
      stored: 10,
      leases: 0,
      attempts: 1,
    });
    for (const id of ids) {
      const { timeline } = await taskOf(id);
      expect(timeline).not.toContain("crashed");
    }
  });
});

const send = () => post(JSON.stringify([anOrder()]));

it("a request is told to come again, whatever the schema lacks", async () => {
  for (const [undo, apply] of [
    [
      "ALTER TABLE tasks RENAME COLUMN notify TO later",
      "ALTER TABLE tasks RENAME COLUMN later TO notify",
    ],
    ["ALTER TABLE task_counts RENAME TO later", "ALTER TABLE later RENAME TO task_counts"],
  ] as const) {
    await env.DB.prepare(undo).run();
    const answer = await send();
    await env.DB.prepare(apply).run();
    expect(answer.headers.get("retry-after")).toBe("30");
    await expectProblem(answer, 503, "missing_migration");
  }
  expect((await send()).status).toBe(202);
});

it("a handler that asks for what is not there yet loses no attempt", async () => {
  const own = testEnv();
  const definition = aDefinition({
    run: async (_task, { env }) => {
      await env.DB.prepare("SELECT a_later_column FROM tasks").all();
      return { kind: "done" };
    },
  });
  const ids = await storeTasks(own, definition, [1]);
  await deliver(ids, own, new Engine([definition]));
  expect(await taskOf(ids[0])).toMatchObject({ status: "RETRY", attempts: 0 });
});
