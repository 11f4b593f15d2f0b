/** This client is written for the API of the old task manager, and uses nothing else. */
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { enqueueOne } from "../../../src/tasks/accepting/enqueue";
import { apiKey } from "../../support/api";
import { door } from "../../support/door";
import { deliver } from "../../support/engine";
import { clearTasks } from "../../support/recount";
import { siteOf } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

type Json = Record<string, unknown>;

/**
 * OldClient does what the old front end and the modules did: polling, a cancel button, one's own
 * tasks.
 */
class OldClient {
  constructor(
    readonly user: string | undefined,
    readonly fetch: (method: string, path: string) => Promise<Response>,
  ) {}

  async #get<Answer = Json & { results: Json[] }>(path: string): Promise<Answer> {
    const response = await this.fetch("GET", path);
    if (!response.ok) {
      throw new Error(`${path}: ${response.status}`);
    }
    return response.json();
  }

  /** Reads what the TaskMonitor component drew, every five seconds. */
  async poll() {
    const data = await this.#get(
      `/api/tasks/executions/?user=${this.user}&task_module=nomina&ordering=-created_at`,
    );
    const workers = await this.#get<Json[]>("/api/tasks/workers/");
    return {
      activeWorkers: workers.length,
      rows: data.results.map((task) => ({
        name: task["task_name"],
        status: task["status"],
        bar: Number(task["progress"]) > 0 ? task["progress"] : null,
        cancelButton: task["status"] === "STARTED",
        id: task["task_id"] as string,
      })),
    };
  }

  one(id: string) {
    return this.#get(`/api/tasks/executions/${id}/`);
  }

  async cancel(id: string): Promise<boolean> {
    return (await this.fetch("POST", `/api/tasks/cancel/${id}/`)).ok;
  }

  myTasks() {
    return this.#get("/api/tasks/user-tasks/");
  }

  info() {
    return this.#get("/api/tasks/flower-info/");
  }
}

let [started, told] = [door(), door()];
const payroll = aDefinition({
  name: "nomina.calcular",
  module: "nomina",
  timeoutMs: 60_000,
  run: async (task) => {
    await started.pass();
    await task.progress(40, "Sumando", 3);
    await told.pass();
    return { kind: "done", result: { empleados: 12 } };
  },
});
const site = siteOf([payroll]);
const key = await apiKey(["tasks:read", "tasks:write"]);
const [, keyId] = key.split("_");
const user = `key:${keyId}`;
const client = new OldClient(keyId, (method, path) => site.ask(method, path, { key }));

beforeEach(async () => {
  await clearTasks();
  [started, told] = [door(), door()];
});

it("watches a task from waiting to its end", async () => {
  const id = await enqueueOne(site.env, payroll, {}, { user });
  const row = { name: "nomina.calcular", id, bar: null, cancelButton: false };
  expect(await client.poll()).toEqual({ activeWorkers: 0, rows: [{ ...row, status: "PENDING" }] });
  const running = deliver([id], site.env, site.engine);
  await started.reached;
  const isStarted = { ...row, status: "STARTED", cancelButton: true };
  expect(await client.poll()).toEqual({ activeWorkers: 1, rows: [isStarted] });
  started.open();
  await told.reached;
  const inProgress = { ...row, status: "PROGRESS", bar: 40 };
  expect(await client.poll()).toEqual({ activeWorkers: 1, rows: [inProgress] });
  told.open();
  await running;
  const ended = { ...row, status: "SUCCESS", bar: 100 };
  expect(await client.poll()).toEqual({ activeWorkers: 0, rows: [ended] });
  expect(await client.one(id)).toMatchObject({
    is_finished: true,
    is_running: false,
    is_successful: true,
    result_data: { empleados: 12 },
    retry_count: 0,
    current_step: "Sumando",
    total_steps: 3,
    user: keyId,
  });
  expect(await client.myTasks()).toMatchObject({
    count: 1,
    next: null,
    previous: null,
    results: [{ task_id: id }],
    stats: { total: 1, pending: 0, started: 0, success: 1, failure: 0, revoked: 0 },
  });
  expect(await client.info()).toMatchObject({ totals: { SUCCESS: 1 } });
});

it("cancels one that runs, by its button", async () => {
  const id = await enqueueOne(site.env, payroll, {}, { user });
  const running = deliver([id], site.env, site.engine);
  await started.reached;
  const [row] = (await client.poll()).rows;
  expect(row?.cancelButton).toBe(true);
  expect(await client.cancel(row?.id ?? "")).toBe(true);
  started.open();
  told.open();
  await running;
  expect((await client.one(id))["status"]).toBe("REVOKED");
  expect(await client.cancel(id)).toBe(false);
  expect((await client.myTasks())["stats"]).toMatchObject({ total: 1, revoked: 1 });
  const { results } = await env.DB.prepare("SELECT result FROM tasks").all();
  expect(results).toEqual([{ result: null }]);
});
