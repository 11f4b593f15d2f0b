import { expect, it } from "vitest";
import { centsOf, expectedSums } from "../../scripts/harness/expected";
import { makeOrder, type Order } from "../../scripts/harness/orders";
import type { Pedido, Task } from "../../scripts/harness/rows";
import { judge, type Seen } from "../../scripts/harness/verdict";
import { seededRandom } from "../support/random";

const order = (id: number, ...skus: string[]): Order => ({
  id,
  cliente: "ACME",
  productos: skus.map((sku) => ({ sku, cantidad: 1 })),
});

const task = (id: string, order: Order, given: Partial<Task> = {}): Task => ({
  id,
  task_module: "pedidos",
  status: "SUCCESS",
  is_finished: true,
  pedido_id: String(order.id),
  error_code: null,
  attempts: 1,
  timeline: [],
  ...given,
});

const failure = (error_code: string) => ({ status: "FAILURE", error_code });

/**
 * Makes a run of one order of 695.00, less 10 %, the same order again, refused, and one without
 * lines.
 */
function aGoodRun() {
  const [first, again, empty] = [order(1, "P005"), order(1, "P006"), order(2)];
  const pedido: Pedido = {
    id_pedido_original: 1,
    task_id: "a",
    subtotal: "695.00",
    descuento: "69.50",
    total_final: "625.50",
  };
  return {
    accepted: new Map([
      ["a", first],
      ["b", again],
      ["c", empty],
    ]),
    tasks: [
      task("a", first),
      task("b", again, failure("duplicate_order")),
      task("c", empty, failure("empty_order")),
    ] as [Task, Task, Task],
    pedidos: [pedido],
  };
}

type Run = ReturnType<typeof aGoodRun>;

it("finds nothing wrong with a good run", () => {
  expect(judge(aGoodRun())).toMatchObject({
    wrongs: [],
    succeeded: 1,
    failed: 2,
    duplicatesRefused: 1,
  });
});

it.each<[string, (run: Run) => unknown]>([
  ["lost", ({ tasks }) => tasks.splice(2, 1)],
  ["lost", (run) => [Object.assign(run.tasks[0], failure("timeout")), (run.pedidos.length = 0)]],
  ["notFinal", ({ tasks }) => (tasks[2].status = "RETRY")],
  ["storedTwice", ({ pedidos }) => pedidos.push(...pedidos)],
  ["acceptedTwice", ({ tasks }) => tasks.push(task("d", order(1), failure("duplicate_order")))],
  ["unlinked", ({ pedidos }) => (pedidos.length = 0)],
  ["unlinked", ({ tasks }) => Object.assign(tasks[0], failure("duplicate_order"))],
  ["unlinked", ({ tasks }) => Object.assign(tasks[1], { status: "SUCCESS" })],
  ["wrongFailures", ({ tasks }) => (tasks[2].error_code = "unknown_sku")],
  ["wrongFailures", ({ tasks }) => (tasks[2].error_code = "worker_crashed")],
  ["wrongFailures", ({ tasks }) => (tasks[1].error_code = "catalogue_failed")],
  ["wrongSums", ({ pedidos: [pedido] }) => Object.assign(pedido ?? {}, { total_final: "625.49" })],
  ["wrongSums", ({ pedidos: [pedido] }) => Object.assign(pedido ?? {}, { descuento: "69.5" })],
  ["wrongSums", ({ accepted }) => accepted.set("a", order(1, "P006"))],
])("finds %s", (what, spoil) => {
  const run = aGoodRun();
  spoil(run);
  const verdict = judge(run satisfies Seen);
  expect(verdict[what as keyof typeof verdict]).toBeGreaterThan(0);
  expect(verdict.wrongs.join()).toContain(what);
});

it("takes a task for a killer of workers only when its history says so", () => {
  const run = aGoodRun();
  const crash = { event: "crashed", alone: true };
  Object.assign(run.tasks[2], failure("worker_crashed"), { timeline: [crash, crash, crash] });
  expect(judge(run)).toMatchObject({ wrongs: [], workerCrashed: 1 });
});

it.each([
  ["109.95", 10_995n],
  ["22.3", 2230n],
  ["695", 69_500n],
  ["15.995", 1600n],
  ["10.994", 1099n],
  ["1.005", 101n],
])("rounds %s half up to cents", (decimal, cents) => {
  expect(centsOf(decimal)).toBe(cents);
});

it("makes the same orders of the same seed, good and bad ones", () => {
  const make = () => {
    const random = seededRandom(9);
    return Array.from({ length: 500 }, (_, index) => makeOrder(index, random));
  };
  expect(make()).toEqual(make());
  const bad = make().filter((each) => expectedSums(each) === null).length;
  expect(bad).toBeGreaterThan(40);
  expect(bad).toBeLessThan(150);
});
