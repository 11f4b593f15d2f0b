import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newBatchId, taskId } from "../../../src/lib/ids";
import {
  apiKey,
  call,
  type CallInit,
  expectBadParameter,
  expectProblem,
  masterKey,
  pagesFrom,
} from "../../support/api";
import { type Execution, JSON_TYPE } from "../../support/api-orders";
import { dropLease, seedLease } from "../../support/api-rows";
import { submit, visit } from "../../support/console";
import { taskOf } from "../../support/engine";
import { cellsOf, textOf } from "../../support/exported";
import { person } from "../../support/people";
import { recount } from "../../support/recount";

/** The first task is of a Thursday at ten, long ago; tasks are a minute apart. */
const FIRST = Date.parse("2026-01-01T10:00:00Z");
const COUNT = 2400;
const idAt = (index: number) => taskId(newBatchId(FIRST + index * 60_000), index % 7);
const ids = Array.from({ length: COUNT }, (_, index) => idAt(index));
const batch = (ids[100] ?? "").slice(0, -4);
const STATES = ["SUCCESS", "FAILURE", "REVOKED", "PENDING", "RETRY", "SUCCESS", "SUCCESS"];

/** The seeds are of all kinds: each column goes round in a cycle of its own, by the index. */
const SEED = `
INSERT INTO tasks (id, name, module, queue, status, subject, user, input, max_attempts, attempts,
  ready_at, check_at, created_at, started_at, finished_at, worker, error_code, error_message,
  discard_reason, description, step, progress, timeline)
SELECT value ->> 'id', 'kind.' || (key % 5), 'area ' || (key % 3), 'orders', value ->> 'status',
  'subject-' || (key % 40), iif(key % 11 = 0, NULL, 'user:' || (key % 4)), '{}', 3, key % 3,
  ?2, ?2, value ->> 'at', (value ->> 'at') + 10,
  iif(value ->> 'status' IN ('PENDING', 'RETRY'), NULL, (value ->> 'at') + 1234), 'worker-' || (key % 6),
  iif(value ->> 'status' = 'FAILURE', 'code_' || (key % 2), NULL),
  iif(value ->> 'status' = 'FAILURE', '=Ñandú, "' || key || '"' || char(13, 10) || 'second line', NULL),
  iif(value ->> 'status' = 'FAILURE' AND key % 4 = 1, 'no use', NULL),
  iif(key % 13 = 0, '+1; description', NULL), iif(key % 17 = 0, 'half "way"', NULL),
  iif(key % 17 = 0, 50, NULL), NULL
FROM json_each(?1)`;

beforeAll(async () => {
  const rows = ids.map((id, i) => ({ id, at: FIRST + i * 60_000, status: STATES[i % 7] }));
  const far = Date.now() + 86_400_000;
  await env.DB.prepare(SEED).bind(JSON.stringify(rows), far).run();
  await recount();
});

function post(path: string, body: unknown, init: CallInit) {
  const headers = { "content-type": JSON_TYPE };
  return call(path, { method: "POST", headers, body: JSON.stringify(body), ...init });
}

async function untilDone(id: string): Promise<void> {
  await expect
    .poll(async () => (await taskOf(id)).status, { timeout: 20_000, interval: 50 })
    .toBe("SUCCESS");
}

async function exported(formato: string, filter: object, init: CallInit): Promise<string> {
  const response = await post("/api/exports/tasks/", { formato, filter }, init);
  expect(response.status, await response.clone().text()).toBe(202);
  const { task_id } = await response.json<{ task_id: string }>();
  await untilDone(task_id);
  return task_id;
}

/** Returns everything that the list of tasks shows of a filter, all pages of it. */
async function listed(filter: object): Promise<Execution[]> {
  const query = new URLSearchParams(
    Object.entries(filter).map(([name, value]) => [name, String(value)]),
  );
  const pages = await pagesFrom<Execution>(
    `/api/tasks/executions/?limit=200&${String(query)}`,
    "next",
  );
  return pages.flatMap(({ results }) => results);
}

/**
 * Returns a value as a cell of a spreadsheet: nothing for null and what is not known, text for
 * formulas.
 */
function shown(task: Execution | undefined, name: string): string {
  const isKnown = name !== "duration_seconds" || task?.["completed_at"] !== null;
  const value = isKnown ? task?.[name === "user" ? "requested_by" : name] : null;
  const text = typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
  return typeof value === "string" && /^[=+@-]/.test(text) ? `'${text}` : text;
}

/** Checks that a file holds these tasks, line by line and cell by cell. */
function expectSame(csv: string, tasks: readonly Execution[]): void {
  const [head = [], ...lines] = cellsOf(csv.replace(/^\u{FEFF}/u, ""));
  expect(lines.map(([id]) => id)).toEqual(tasks.map(({ id }) => id));
  for (const [index, cells] of lines.entries()) {
    expect(cells).toEqual(head.map((name) => shown(tasks[index], name)));
  }
}

describe("an export of tasks over the API", () => {
  it.each<[string, object, number]>([
    ["all of them", { created_before: "2026-02-01" }, COUNT],
    ["a state", { status: "FAILURE" }, 343],
    ["what waits", { status: "PENDING" }, 343],
    ["a module and a name", { task_module: "area 1", task_name: "kind.2" }, 160],
    ["a person", { user: "user:3" }, 545],
    ["a person and a state", { user: "user:3", status: "SUCCESS" }, 233],
    ["a batch", { lote: batch }, 1],
    ["an order", { pedido: "subject-7" }, 60],
    ["a worker", { worker: "worker-2" }, 400],
    ["dates", { created_after: "2026-01-02", created_before: "2026-01-02T01:00:00+01:00" }, 1],
    [
      "days",
      { created_after: "2026-01-01T23:00:00Z", created_before: "2026-01-02T00:59:59Z" },
      120,
    ],
    ["an error", { error_code: "code_1", discarded: false }, 86],
    ["words of failures", { search: "LINE second" }, 343],
    ["a search for a subject", { search: "subject-9" }, 60],
    ["what was given up on", { discarded: "true" }, 86],
    ["nothing", { task_name: "kind.9" }, 0],
  ])("of %s is what the list shows of it", async (_what, filter, count) => {
    const tasks = await listed(filter);
    expect(tasks).toHaveLength(count);
    const key = await masterKey();
    const id = await exported("csv", filter, { key });
    expectSame(await textOf(id), tasks);
    expect(JSON.parse((await taskOf(id)).result ?? "")).toMatchObject({ filas: count });
  });

  it("in NDJSON has the whole tasks, as the list shows them", async () => {
    const filter = { status: "FAILURE", task_module: "area 2" };
    const tasks = await listed(filter);
    const id = await exported("ndjson", filter, { key: await masterKey() });
    expect(await textOf(id)).toBe(tasks.map((task) => `${JSON.stringify(task)}\n`).join(""));
    expect(tasks.length).toBeGreaterThan(100);
  });

  it("of what runs has whoever runs it", async () => {
    const running = ids.filter((_, index) => index % 7 === 3).slice(3, 6);
    const lease = await seedLease("busy", running);
    try {
      const id = await exported("csv", { worker: "busy" }, { key: await masterKey() });
      const [head = [], ...lines] = cellsOf(await textOf(id));
      const column = (name: string) => lines.map((cells) => cells[head.indexOf(name)]);
      expect(lines.map(([id]) => id)).toEqual(running.toReversed());
      expect(new Set(column("worker_name"))).toEqual(new Set(["busy"]));
      expect(new Set(column("status"))).toEqual(new Set(["STARTED"]));
    } finally {
      await dropLease(lease);
    }
  });

  it("is downloaded through its link, as a file of its own name", async () => {
    const key = await apiKey(["tasks:read"]);
    const id = await exported("csv", { lote: batch }, { key });
    const answer = await post(`/api/exports/${id}/link/`, {}, { key });
    const { url } = await answer.json<{ url: string }>();
    const file = await call(url);
    expect(Object.fromEntries(file.headers)).toMatchObject({
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": expect.stringMatching(
        /^attachment; filename="tareas-[\w-]+\.csv"$/,
      ) as string,
    });
    expect(cellsOf(await file.text())).toHaveLength(2);
  });

  it("is for whoever may see the list, and its file too", async () => {
    const body = { formato: "csv", filter: { lote: batch } };
    const blind = await apiKey(["orders:read", "tasks:write", "tasks:track", "metrics:read"]);
    const refused = await post("/api/exports/tasks", body, { key: blind });
    expect((await expectProblem(refused, 403, "forbidden"))["scope"]).toBe("tasks:read");
    await expectProblem(await post("/api/exports/tasks", body, {}), 401, "unauthorized");
    const run = { task_name: "exports.tasks", input: body };
    expect((await post("/api/tasks/run/", run, { key: await masterKey() })).status).toBe(404);
    const id = await exported(
      "csv",
      { user: "user:1" },
      { cookie: (await person("viewer")).cookie },
    );
    // The file has tasks of others, as the list does.
    expectSame(await textOf(id), await listed({ user: "user:1" }));
    const noLink = await post(`/api/exports/${id}/link`, {}, { key: blind });
    expect((await expectProblem(noLink, 403, "forbidden"))["scope"]).toBe("tasks:read");
  });

  it.each<[string, unknown]>([
    ["formato", { filter: {} }],
    ["formato", { formato: "xlsx" }],
    ["filter.status", { formato: "csv", filter: { status: "OPEN" } }],
    ["filter.lote", { formato: "csv", filter: { lote: "x" } }],
    ["filter.created_after", { formato: "csv", filter: { created_after: "yesterday" } }],
    ["filter.estado", { formato: "csv", filter: { estado: "FAILURE" } }],
  ])("is refused for a wrong %s: %j", async (parameter, body) => {
    const key = await masterKey();
    await expectBadParameter(await post("/api/exports/tasks", body, { key }), parameter);
  });

  it("is in the audit log, with its filter", async () => {
    const id = await exported("csv", { lote: batch }, { key: await masterKey() });
    const entry = await env.DB.prepare("SELECT action, detail FROM audit_log WHERE target = ?")
      .bind(id)
      .first<{ action: string; detail: string }>();
    expect(entry?.action).toBe("export.tasks");
    expect(JSON.parse(entry?.detail ?? "")).toEqual({ formato: "csv", filter: { lote: batch } });
    const { cookie } = await person("admin");
    const page = await (await visit("/admin/audit?action=export.tasks", { cookie })).text();
    expect(page).toContain("Exported tasks");
    expect(page).toContain(`/admin/tasks/${id}`);
  });
});

describe("the button of the task list", () => {
  it("exports the filter on screen, all pages of it, and leads to the export and its file", async () => {
    const { cookie } = await person("viewer");
    const filter = {
      status: "FAILURE",
      code: "code_0, code_1",
      module: "area 1",
      from: "2026-01-01",
    };
    const query = new URLSearchParams({ ...filter, to: "2026-01-01" });
    const list = await (await visit(`/admin/tasks?${String(query)}`, { cookie })).text();
    const form =
      /<form method="post" action="\/admin\/tasks\/exports">.*?<\/form>/s.exec(list)?.[0] ?? "";
    const fields = [...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(
      ([, name = "", value = ""]): [string, string] => [name, value],
    );
    expect(Object.fromEntries(fields)).toEqual({ ...filter, to: "2026-01-01" });

    const started = await submit("/admin/tasks/exports", fields, { cookie });
    expect(started.status).toBe(303);
    const path = started.headers.get("location") ?? "";
    const id = path.split("/").at(-1) ?? "";
    await untilDone(id);
    const shown = await listed({
      status: "FAILURE",
      task_module: "area 1",
      created_after: "2026-01-01",
      created_before: "2026-01-01T23:59:59.999Z",
    });
    expect(shown.length).toBeGreaterThan(25);
    expectSame(await textOf(id), shown);

    const page = await (await visit(path, { cookie })).text();
    const href = /href="(\/exports\/[^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect((await call(href)).status).toBe(200);
  });

  it("means all tasks where there is no filter, and is not there for one that cannot be read", async () => {
    const { cookie } = await person("viewer");
    const action = 'action="/admin/tasks/exports"';
    expect(await (await visit("/admin/tasks", { cookie })).text()).toContain(action);
    expect(await (await visit("/admin/tasks?from=x", { cookie })).text()).not.toContain(action);
    const all = await listed({});
    const started = await submit("/admin/tasks/exports", {}, { cookie });
    const id = (started.headers.get("location") ?? "").split("/").at(-1) ?? "";
    await untilDone(id);
    expectSame(await textOf(id), all);
  });

  it("is refused for a filter the list would refuse, and by another site", async () => {
    const { cookie } = await person("viewer");
    const bad = await submit("/admin/tasks/exports", { from: "x" }, { cookie });
    expect(bad.status).toBe(400);
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const foreign = await submit("/admin/tasks/exports", {}, { cookie, headers });
    expect(foreign.status).toBe(403);
  });
});
