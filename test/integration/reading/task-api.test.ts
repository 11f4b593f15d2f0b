import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { STATUSES } from "../../../src/tasks/model/states";
import {
  call,
  expectBadParameter,
  expectProblem,
  list,
  masterKey,
  pagesFrom,
} from "../../support/api";
import { type Execution, outcomesOf, processAll, send } from "../../support/api-orders";
import { dropLease, seedLease, seedTasks } from "../../support/api-rows";
import { anOrder } from "../../support/orders";

const PATH = "/api/tasks/executions/";
const FIELDS = `
  id task_id task_name task_module description
  status progress progress_percentage current_step total_steps
  created_at started_at completed_at updated_at
  user user_name requested_by context_data result_data error_message error_traceback
  timeout_seconds retry_count max_retries worker_name queue_name
  duration_seconds is_finished is_running is_successful
  lote pedido_id attempts timeline error_code unread_notifications
`
  .trim()
  .split(/\s+/);
const idsOf = (tasks: Execution[]) => tasks.map((task) => task.id);

async function get(path: string): Promise<Response> {
  return call(path, { key: await masterKey() });
}

async function one(id: string): Promise<Execution> {
  const response = await get(`${PATH}${id}/`);
  expect(response.status).toBe(200);
  return response.json<Execution>();
}

/** Returns the ids of all tasks that a filter finds, over every page. */
async function found(query: string): Promise<string[]> {
  const pages = await pagesFrom<Execution>(`${PATH}?${query}`, "next");
  return pages.flatMap(({ results }) => idsOf(results));
}

describe("an execution", () => {
  it("that succeeded has every field", async () => {
    const from = Date.now();
    const order = anOrder();
    const { lote, tareas } = await send(JSON.stringify(order));
    const [listed] = await outcomesOf(lote, 1);
    const task = await one(tareas[0]?.task_id ?? "");
    expect(task).toEqual({ ...listed, context_data: order, notifications: [] });
    expect(listed?.["context_data"]).toEqual({});
    expect(Object.keys(task)).toEqual(expect.arrayContaining(FIELDS));
    expect(task).toMatchObject({
      id: tareas[0]?.task_id,
      task_id: tareas[0]?.task_id,
      task_name: "pedidos.procesar",
      task_module: "pedidos",
      description: expect.stringMatching(/\S/),
      status: "SUCCESS",
      progress_percentage: 100,
      requested_by: expect.stringMatching(/^key:/),
      result_data: { total_final: "219.90", moneda: "USD" },
      error_code: null,
      error_message: "",
      error_traceback: "",
      timeout_seconds: expect.any(Number),
      retry_count: 0,
      max_retries: 2,
      worker_name: expect.stringMatching(/\S/),
      queue_name: "orders",
      duration_seconds: expect.any(Number),
      is_finished: true,
      is_running: false,
      is_successful: true,
      lote,
      pedido_id: String(order["id"]),
      attempts: 1,
    });
    const steps = ["queued", "started", "validate", "enrich", "price", "persist", "finished"];
    expect(task.timeline.map(({ event }) => event)).toEqual(steps);
    expect(task["current_step"]).toBe("");
    const times = [task["created_at"], task["started_at"], task["completed_at"]].map(String);
    const all = [...times, ...task.timeline.map(({ at }) => at), String(task["updated_at"])];
    for (const time of all) {
      expect(new Date(time).toISOString()).toBe(time);
      expect(Date.parse(time)).toBeGreaterThanOrEqual(from);
    }
    expect(times.toSorted()).toEqual(times);
    const moments = task.timeline.map(({ at }) => at);
    expect(moments.toSorted()).toEqual(moments);
    expect(task.timeline[0]?.at).toBe(task["created_at"]);
    expect(task.timeline.at(-1)?.at).toBe(task["completed_at"]);
  });

  it("that failed says why", async () => {
    const [task] = await processAll([anOrder({ productos: [] })]);
    expect(task).toMatchObject({
      status: "FAILURE",
      progress_percentage: 0,
      error_code: "empty_order",
      error_message: expect.stringContaining("productos"),
      error_detail: { stage: "validate", field: "productos" },
      result_data: {},
      is_finished: true,
      is_running: false,
      is_successful: false,
      attempts: 1,
      retry_count: 0,
    });
  });

  it("that could not even be sent is final, too", async () => {
    const [task] = await processAll([anOrder({ nota: "x".repeat(70_000) })]);
    expect(task).toMatchObject({
      status: "FAILURE",
      error_code: "order_too_large",
      is_finished: true,
      attempts: 0,
      completed_at: task?.["created_at"],
    });
    expect(task?.timeline.map(({ event }) => event)).toEqual(["queued", "finished"]);
  });

  it("that waits is neither running nor finished", async () => {
    const [pending] = await seedTasks(newBatchId(Date.now()), ["PENDING"]);
    expect(await one(pending?.id ?? "")).toMatchObject({
      status: "PENDING",
      started_at: null,
      completed_at: null,
      duration_seconds: 0,
      is_finished: false,
      is_running: false,
      is_successful: false,
      attempts: 0,
      pedido_id: null,
    });
  });

  it.each([
    newBatchId(Date.now()) + "0000",
    "no-such",
    "%00",
    "%E0%A4%A",
    "%3Cscript%3E",
    "..%2f..%2f",
    "'%20OR%201=1",
    "x".repeat(5000),
  ])("is not found: %s", async (id) => {
    await expectProblem(await get(PATH + id), 404, "task_not_found");
    await expectProblem(await get(`${PATH}${id}/`), 404, "task_not_found");
  });
});

describe("a task held by a lease", () => {
  it("is STARTED, found so and not as PENDING, and only while it is held", async () => {
    const lote = newBatchId(Date.now());
    const statuses = ["PENDING", "PENDING", "RETRY", "SUCCESS"] as const;
    const [held = "", waits = "", again = "", done = ""] = idsIn(await seedTasks(lote, statuses));
    const token = await seedLease("worker-of-the-test", [held, again]);

    const task = await one(held);
    expect(task).toMatchObject({
      status: "STARTED",
      worker_name: "worker-of-the-test",
      current_step: "",
      attempts: 1,
      is_running: true,
      is_finished: false,
      started_at: expect.any(String),
      completed_at: null,
      duration_seconds: expect.any(Number),
    });
    expect(task.timeline.map(({ event }) => event)).toEqual(["queued", "started"]);

    for (const scope of [`lote=${lote}&`, ""]) {
      expect(await found(`${scope}status=STARTED`)).toEqual([again, held]);
      expect(await found(`${scope}status=RETRY`)).toEqual([]);
      expect(await found(`${scope}status=PENDING`)).toEqual(expect.arrayContaining([waits]));
      expect(await found(`${scope}status=PENDING`)).not.toContain(held);
      expect(await found(`${scope}status=SUCCESS`)).toContain(done);
    }
    const { results } = await list<Execution>(`${PATH}?lote=${lote}`);
    expect(results.map(({ status }) => status)).toEqual([
      "SUCCESS",
      "STARTED",
      "PENDING",
      "STARTED",
    ]);

    await dropLease(token);
    expect((await one(held)).status).toBe("PENDING");
    expect(await found(`lote=${lote}&status=STARTED`)).toEqual([]);
    expect(await found(`lote=${lote}&status=PENDING`)).toEqual([waits, held]);
    expect(await found(`lote=${lote}&status=RETRY`)).toEqual([again]);
  });

  it("that is final stays what it is", async () => {
    const [done = ""] = idsIn(await seedTasks(newBatchId(Date.now()), ["SUCCESS"]));
    const token = await seedLease("late-worker", [done]);
    expect((await one(done)).status).toBe("SUCCESS");
    await dropLease(token);
  });
});

function idsIn(seeds: { id: string }[]): string[] {
  return seeds.map(({ id }) => id);
}

describe("the list", () => {
  it.each([PATH, PATH.slice(0, -1)])("%s is an envelope, newest first", async (path) => {
    const lote = newBatchId(Date.now());
    const ids = idsIn(await seedTasks(lote, ["SUCCESS", "FAILURE", "REVOKED"]));
    const page = await list<Execution>(`${path}?lote=${lote}`);
    expect(page).toEqual({ count: 3, next: null, previous: null, results: expect.any(Array) });
    expect(idsOf(page.results)).toEqual(ids.toReversed());
    for (const task of page.results) {
      expect(Object.keys(task)).toEqual(expect.arrayContaining(FIELDS));
      expect(task.lote).toBe(lote);
    }
    const unfiltered = await list<Execution>(`${path}?limit=200`);
    expect(idsOf(unfiltered.results)).toEqual(idsOf(unfiltered.results).toSorted().toReversed());
    expect(idsOf(unfiltered.results)).toEqual(expect.arrayContaining(ids));
  });

  it("is filtered by each status, by lote and by pedido, and by all of them", async () => {
    const lote = newBatchId(Date.now());
    const rows = ["PENDING", "RETRY", "SUCCESS", "FAILURE", "REVOKED", "PENDING"] as const;
    const subjects = ["same", "same", "same", "other", "same", null];
    const ids = idsIn(await seedTasks(lote, rows, (index) => subjects[index] ?? null));
    const elsewhere = newBatchId(Date.now());
    const [cousin = ""] = idsIn(await seedTasks(elsewhere, ["FAILURE"], () => "same"));
    const token = await seedLease("w", [ids[5] ?? ""]);
    const shown = ["PENDING", "RETRY", "SUCCESS", "FAILURE", "REVOKED", "STARTED"];

    for (const status of STATUSES) {
      const expected = ids.filter((_, index) => shown[index] === status);
      expect(await found(`lote=${lote}&status=${status}`), status).toEqual(expected);
      const everywhere = await found(`status=${status}`);
      expect(everywhere, status).toEqual(expect.arrayContaining(expected));
      expect(everywhere.filter((id) => ids.includes(id))).toEqual(expected);
      const same = expected.filter((id) => subjects[ids.indexOf(id)] === "same");
      expect(await found(`pedido=same&lote=${lote}&status=${status}`), status).toEqual(same);
    }
    const mine = ids.filter((_, index) => subjects[index] === "same").toReversed();
    expect(await found(`pedido=same&lote=${lote}`)).toEqual(mine);
    expect(new Set(await found("pedido=same"))).toEqual(new Set([...mine, cousin]));
    expect(new Set(await found("pedido=same&status=FAILURE"))).toEqual(new Set([cousin]));
    expect(await found("pedido=sam")).toEqual([]);
    expect(await found(`pedido=${encodeURIComponent("%")}`)).toEqual([]);
    expect(await found(`lote=${newBatchId(Date.now())}`)).toEqual([]);
    const page = await list(`${PATH}?lote=${lote}&status=PENDING`);
    expect(page.count).toBe(1);
    await dropLease(token);
  });

  it("is filtered by whatever finds rows of its own, all together", async () => {
    const lote = newBatchId(Date.now());
    const subjects = ["a", "a", "b"].map((name) => `${name} ${lote}`);
    const [first = "", second = "", third = ""] = idsIn(
      await seedTasks(lote, ["FAILURE", "FAILURE", "FAILURE"], (index) => subjects[index] ?? null),
    );
    await env.DB.prepare("UPDATE tasks SET error_message = 'Sin red' WHERE id IN (?, ?)")
      .bind(first, third)
      .run();
    const pedido = `pedido=${encodeURIComponent(subjects[0] ?? "")}`;
    expect(await found(`${pedido}&search=${encodeURIComponent("sin RED")}`)).toEqual([first]);
    expect(await found(`${pedido}&search=${second}`)).toEqual([second]);
    expect(await found(`${pedido}&search=${third}`)).toEqual([]);
    expect(await found(`${pedido}&search=${lote}`)).toEqual([second, first]);
    expect(await found(`${pedido}&search=${encodeURIComponent(subjects[2] ?? "")}`)).toEqual([]);
    expect(await found(`${pedido}&search=nothing`)).toEqual([]);
  });

  it.each([1, 7, 24, 25, 26, 200])("visits each once, forwards and back, by %i", async (limit) => {
    const lote = newBatchId(Date.now());
    const statuses = Array.from({ length: 25 }, () => "SUCCESS" as const);
    const expected = idsIn(await seedTasks(lote, statuses)).toReversed();
    const forwards = await pagesFrom<Execution>(`${PATH}?lote=${lote}&limit=${limit}`, "next");
    expect(forwards.flatMap(({ results }) => idsOf(results))).toEqual(expected);
    expect(forwards).toHaveLength(Math.ceil(25 / limit));
    expect(forwards.every(({ count }) => count === 25)).toBe(true);
    expect(forwards[0]?.previous).toBeNull();
    const last = forwards.at(-1);
    if (!last?.previous) {
      expect(forwards).toHaveLength(1);
      return;
    }
    const back = await pagesFrom<Execution>(last.previous, "previous");
    const seen = [...back.toReversed(), last].flatMap(({ results }) => idsOf(results));
    expect(seen).toEqual(expected);
    expect(idsOf((await list<Execution>(back[0]?.next ?? "")).results)).toEqual(
      idsOf(last.results),
    );
  });

  it.each([
    ["status", "DONE"],
    ["status", "success"],
    ["status", ""],
    ["lote", ""],
    ["lote", "x"],
    ["lote", `${newBatchId(1)}0000`],
    ["lote", newBatchId(1).toUpperCase()],
    ["lote", "%"],
    ["pedido", ""],
    ["pedido", "x".repeat(65)],
    ["limit", "0"],
    ["limit", "201"],
    ["limit", "x"],
    ["cursor", "x"],
    ["cursor", btoa('["next","not a task"]')],
    ["cursor", btoa('["next",1]')],
    ["cursor", btoa('["both","a"]')],
    ["cursor", "漢"],
  ])("refuses %s=%s, naming it", async (name, value) => {
    await expectBadParameter(await get(`${PATH}?${name}=${encodeURIComponent(value)}`), name);
  });

  it("refuses a parameter given twice", async () => {
    await expectBadParameter(await get(`${PATH}?status=SUCCESS&status=FAILURE`), "status");
  });
});

describe("ordering", () => {
  it.each(["id", "created_at"])("follows %s up and down, over pages", async (field) => {
    const lote = newBatchId(Date.now());
    const ids = idsIn(
      await seedTasks(
        lote,
        Array.from({ length: 7 }, () => "SUCCESS"),
      ),
    );
    for (const [sign, wanted] of [
      ["", ids],
      ["-", ids.toReversed()],
    ] as const) {
      const pages = await pagesFrom<Execution>(
        `${PATH}?lote=${lote}&ordering=${sign}${field}&limit=3`,
        "next",
      );
      expect(pages.flatMap(({ results }) => idsOf(results))).toEqual(wanted);
    }
  });

  it.each(["status", "-progress", "task_name", "created", "", "id,status"])(
    "by %s, which no index follows, is refused with those it can be",
    async (ordering) => {
      const response = await get(`${PATH}?ordering=${encodeURIComponent(ordering)}`);
      const problem = await expectProblem(response, 400, "invalid_parameter");
      expect(problem["parameter"]).toBe("ordering");
      for (const possible of ["created_at", "-created_at", "id", "-id"]) {
        expect(problem.detail).toMatch(new RegExp(`(^|[^\\w-])${possible}([^\\w-]|$)`));
      }
    },
  );
});

describe("over more than a thousand tasks", () => {
  const lote = newBatchId(Date.now());
  // The failures are so far apart that a whole scan finds none, one, or several of them.
  const sparse = new Set([0, 1, 57, 1199, 1200, 2400, 2499]);
  const statuses = Array.from({ length: 2500 }, (_, index) =>
    sparse.has(index) ? ("FAILURE" as const) : ("SUCCESS" as const),
  );
  const rare = [...sparse].map((index) => taskId(lote, index)).toReversed();

  it("the count stops at a thousand and says so", async () => {
    await seedTasks(lote, statuses);
    for (const query of ["", `?lote=${lote}`, `?lote=${lote}&status=SUCCESS`]) {
      const page = await list(PATH + query);
      expect(page.count_capped, query).toBe(true);
      expect(page.count).toBeLessThanOrEqual(1000);
      expect(page.count).toBeGreaterThan(900);
    }
  });

  it("every task is visited once, forwards and back", async () => {
    const all = Array.from({ length: 2500 }, (_, index) => taskId(lote, index)).toReversed();
    const pages = await pagesFrom<Execution>(`${PATH}?lote=${lote}&limit=200`, "next");
    expect(pages.flatMap(({ results }) => idsOf(results))).toEqual(all);
    const last = pages.at(-1);
    const back = await pagesFrom<Execution>(last?.previous ?? "", "previous");
    const seen = [...back.toReversed(), ...(last ? [last] : [])];
    expect(seen.flatMap(({ results }) => idsOf(results))).toEqual(all);
  });

  it.each([1, 2, 3, 50])("sparse failures are all found, by %i", async (limit) => {
    const inLote = `${PATH}?lote=${lote}&status=FAILURE&limit=${limit}`;
    const pages = await pagesFrom<Execution>(inLote, "next");
    expect(pages.flatMap(({ results }) => idsOf(results))).toEqual(rare);
    expect(pages.every(({ results }) => results.length <= limit)).toBe(true);
    const everywhere = await found(`status=FAILURE&limit=${limit}`);
    expect(everywhere.filter((id) => id.startsWith(lote))).toEqual(rare);
    expect(new Set(everywhere).size).toBe(everywhere.length);
  });

  it.each([1, 3, 50])("and again on the way back, by %i", async (limit) => {
    const inLote = `${PATH}?lote=${lote}&status=FAILURE&limit=${limit}`;
    const pages = await pagesFrom<Execution>(inLote, "next");
    const turn = pages.findLast(({ previous }) => previous !== null);
    if (!turn?.previous) {
      throw new Error("no page leads back");
    }
    const back = await pagesFrom<Execution>(turn.previous, "previous");
    const seen = [...back.toReversed(), turn].flatMap(({ results }) => idsOf(results));
    expect(seen).toEqual(rare.slice(0, seen.length));
    expect(seen.at(-1)).toBe(turn.results.at(-1)?.id);
    // A reader who turns at the far end of the way back comes forwards again, and misses nothing.
    const forth = await pagesFrom<Execution>(back.at(-1)?.next ?? "", "next");
    const first = back.at(-1)?.results ?? [];
    const rest = forth.flatMap(({ results }) => idsOf(results));
    expect([...idsOf(first), ...rest]).toEqual(rare);
  });

  it("every page but the first leads back, an empty one too", async () => {
    const pages = await pagesFrom<Execution>(`${PATH}?lote=${lote}&status=REVOKED`, "next");
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flatMap(({ results }) => results)).toEqual([]);
    for (const page of pages.slice(1)) {
      expect(page.previous).not.toBeNull();
    }
  });

  it("a state that no task has ends with an empty page", async () => {
    expect(await found("status=PROGRESS")).toEqual([]);
    const lease = await seedLease("w", [taskId(lote, 2)]);
    await dropLease(lease);
    expect(await found(`lote=${lote}&status=PENDING`)).toEqual([]);
  });

  it("waiting tasks are found, few or many", async () => {
    const waiting = newBatchId(Date.now());
    const few = Array.from({ length: 3 }, () => "PENDING" as const);
    const ids = idsIn(await seedTasks(waiting, few));
    const seen = await found("status=PENDING");
    expect(seen.filter((id) => ids.includes(id))).toEqual(ids.toReversed());

    const crowd = newBatchId(Date.now());
    const many = Array.from({ length: 1300 }, (_, index) =>
      index % 2 === 0 ? ("PENDING" as const) : ("RETRY" as const),
    );
    const crowdIds = idsIn(await seedTasks(crowd, many));
    for (const [status, parity] of [
      ["PENDING", 0],
      ["RETRY", 1],
    ] as const) {
      const all = await found(`status=${status}&limit=200`);
      const expected = crowdIds.filter((_, index) => index % 2 === parity).toReversed();
      expect(all.filter((id) => id.startsWith(crowd))).toEqual(expected);
      expect(new Set(all).size).toBe(all.length);
    }
    const oldest = await found("status=PENDING&limit=200");
    expect(oldest).toEqual(expect.arrayContaining(ids));
  });

  it("tasks of one order beyond a thousand are all found", async () => {
    const busy = newBatchId(Date.now());
    const ids = idsIn(
      await seedTasks(
        busy,
        Array.from({ length: 1100 }, () => "FAILURE" as const),
        () => "busy",
      ),
    );
    expect(await found("pedido=busy&limit=200")).toEqual(ids.toReversed());
    expect(await list(`${PATH}?pedido=busy`)).toMatchObject({ count: 1000, count_capped: true });
  });
});
