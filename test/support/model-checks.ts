/** Checks say what must hold after whatever happened in a `World`. Each throws with what it saw. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { isFinal, type StoredStatus } from "../../src/tasks/model/states";
import { expectRightCounts } from "./recount";
import type { Life } from "./model-plans";
import type { World } from "./model-world";

interface Row {
  [column: string]: unknown;
  id: string;
  name: string;
  status: StoredStatus;
  subject: string | null;
  input: string;
  attempts: number;
  max_attempts: number;
  suspect: number;
  finished_at: number | null;
  error_code: string | null;
}

interface State {
  tasks: Row[];
  leases: { token: string; task_ids: string }[];
  effects: Map<string, number>;
  /** The id of the task that stored each order, by order id. */
  orders: Map<string, string>;
}

export class Checks {
  readonly #world: World;
  readonly #ends = new Map<string, Row>();
  #resumed = 0;
  #noted = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Checks what must hold after every step. */
  async always(): Promise<void> {
    expect(this.#world.wrongs).toEqual([]);
    const state = await readState();
    for (const id of this.#world.resumed.slice(this.#resumed)) {
      this.#ends.delete(id);
    }
    this.#resumed = this.#world.resumed.length;
    this.#allowNotes(state, this.#world.noted.slice(this.#noted));
    this.#noted = this.#world.noted.length;
    this.#checkLeases(state);
    this.#checkRows(state);
    checkSideEffects(state);
    await expectRightCounts(true);
  }

  /** Checks what must hold after a fair end. */
  async finally(startedAt: number): Promise<void> {
    await this.always();
    const { tasks, leases, orders } = await readState();
    expect(leases, "leases left").toEqual([]);
    const rows = new Map(tasks.map((row) => [row.id, row]));
    expect(
      this.#world.producer.accepted.filter((id) => !isFinal(rows.get(id)?.status ?? "missing")),
      "accepted and not final (I1)",
    ).toEqual([]);
    const seen = new Set<number>();
    for (const row of tasks.filter(({ name }) => name !== "system.message")) {
      expect(isFinal(row.status), `final: ${row.id}`).toBe(true);
      const n = (JSON.parse(row.input) as { n: number }).n;
      expect(seen.has(n), `stored twice: ${row.id}`).toBe(false);
      seen.add(n);
      const life = this.#world.producer.lives[n];
      expect(life, `life of ${row.id}`).toBeDefined();
      if (life) {
        this.#explain(row, life, orders);
        this.#checkResends(row, life, startedAt);
      }
    }
  }

  /** Allows a note, and nothing else, to change a task that had ended. */
  #allowNotes({ tasks }: State, noted: readonly string[]): void {
    for (const row of tasks.filter(({ id }) => noted.includes(id))) {
      const end = this.#ends.get(row.id);
      if (end) {
        const { timeline, discard_reason } = row;
        this.#ends.set(row.id, { ...end, timeline, discard_reason });
      }
    }
  }

  #checkLeases({ tasks, leases }: State): void {
    const lists = leases.map(({ task_ids }) => JSON.parse(task_ids) as string[]);
    const known = new Set(tasks.map(({ id }) => id));
    const listed = lists.flat().filter((id) => known.has(id));
    expect(new Set(listed).size, "tasks in two leases").toBe(listed.length);
    const suspects = new Set(tasks.filter(({ suspect }) => suspect === 1).map(({ id }) => id));
    for (const list of lists.filter(({ length }) => length > 1)) {
      expect(
        list.filter((id) => suspects.has(id)),
        "suspects not alone (I5)",
      ).toEqual([]);
    }
    const { inFlight, abandoned } = this.#world;
    const held = leases.filter(({ token }) => !abandoned.has(token));
    expect(held.length, "leases that nobody holds").toBeLessThanOrEqual(inFlight.length);
  }

  #checkRows({ tasks }: State): void {
    for (const row of tasks) {
      expect(row.attempts, `attempts of ${row.id}`).toBeLessThanOrEqual(row.max_attempts);
      expect(row.finished_at !== null, `finished_at of ${row.id}`).toBe(isFinal(row.status));
      const end = this.#ends.get(row.id);
      if (end) {
        expect(row, "changed after its end (I4)").toEqual(end);
      } else if (isFinal(row.status)) {
        this.#ends.set(row.id, row);
      }
    }
  }

  /** Checks that an end has a reason of the task's own (I5), and that what can succeed does. */
  #explain(row: Row, { plan, taken }: Life, orders: Map<string, string>): void {
    const failures = taken.filter((step) => step === "retry" || step === "throw").length;
    const content = plan.kind === "order" ? plan.content : null;
    const excuses: Record<string, boolean> = {
      because:
        taken.includes("reject") || (taken.includes("retry") && failures >= row.max_attempts),
      crashed: taken.includes("throw") && failures >= row.max_attempts,
      worker_crashed: (this.#world.crashes.get(row.id) ?? 0) >= 3,
      cancelled: row.status === "REVOKED",
      failed: plan.kind === "tracked" && taken.includes("reject"),
      lost: this.#world.elsewhere.isSilent(row.id, row.finished_at ?? 0),
      empty_order: content === "empty",
      unknown_sku: content === "unknown sku",
      duplicate_order: (orders.get(row.subject ?? "") ?? row.id) !== row.id,
    };
    const why = JSON.stringify({ row, plan, taken });
    if (row.status === "SUCCESS") {
      expect(content === null ? taken.includes("done") : content === "good", why).toBe(true);
      expect(row.error_code, why).toBeNull();
    } else {
      expect(excuses[row.error_code ?? ""] ?? false, why).toBe(true);
    }
  }

  /**
   * Checks that a message is sent again once per run or new start, and beyond that only after waits
   * that double (I6).
   */
  #checkResends(row: Row, { runs, plan }: Life, startedAt: number): void {
    if (plan.kind === "tracked") {
      expect(this.#world.resent.get(row.id), "sent, though no queue has it").toBeUndefined();
      return;
    }
    if (plan.kind === "order") {
      return; // The runs of an order are not counted.
    }
    const resumed = this.#world.resumed.filter((id) => id === row.id).length;
    const doublings = Math.log2((Date.now() - startedAt) / 30_000 + 2);
    const bound = (1 + resumed) * (1 + doublings) + runs + (this.#world.crashes.get(row.id) ?? 0);
    expect(this.#world.resent.get(row.id) ?? 0, `resends of ${row.id}`).toBeLessThanOrEqual(bound);
  }
}

/** Checks that a task's side effects are there exactly if it succeeded, and once (I2, I3). */
function checkSideEffects({ tasks, effects, orders }: State): void {
  const ownerOf = new Map([...orders].map(([orderId, taskId]) => [taskId, orderId]));
  expect(ownerOf.size, "orders of one task").toBe(orders.size);
  for (const { id, name, status, subject } of tasks) {
    const succeeded = status === "SUCCESS";
    const expected = name === "model.batch" && succeeded ? 1 : 0;
    expect(effects.get(id) ?? 0, `effects of ${name} ${id}, ${status}`).toBe(expected);
    const order = name === "pedidos.procesar" && succeeded ? subject : undefined;
    expect(ownerOf.get(id), `order of ${name} ${id}, ${status}`).toBe(order);
    ownerOf.delete(id);
  }
  expect([...ownerOf], "orders nobody stored").toEqual([]);
}

async function readState(): Promise<State> {
  const { DB } = env;
  const [tasks, leases, effects, orders] = await DB.batch<Record<string, unknown>>([
    DB.prepare("SELECT * FROM tasks"),
    DB.prepare("SELECT token, task_ids FROM leases"),
    DB.prepare("SELECT task_id, count(*) AS n FROM effects GROUP BY task_id"),
    DB.prepare("SELECT id, task_id FROM orders"),
  ]);
  const pairs = <V>(rows: Record<string, unknown>[] | undefined, key: string, value: string) =>
    new Map((rows ?? []).map((row) => [String(row[key]), row[value] as V]));
  return {
    tasks: (tasks?.results ?? []) as Row[],
    leases: (leases?.results ?? []) as State["leases"],
    effects: pairs<number>(effects?.results, "task_id", "n"),
    orders: pairs<string>(orders?.results, "id", "task_id"),
  };
}
