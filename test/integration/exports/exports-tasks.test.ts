import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { exportTasks, taskSource } from "../../../src/exports/tasks";
import { defineExport } from "../../../src/exports/task";
import { actOn } from "../../../src/tasks/commands/actions";
import { Engine } from "../../../src/tasks/model/engine";
import { enqueue } from "../../../src/tasks/accepting/enqueue";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { listTasks } from "../../../src/tasks/reading/list";
import type { TaskFilter } from "../../../src/tasks/reading/task-filter";
import { recover } from "../../../src/tasks/recovery/recover";
import { startTracking } from "../../../src/tasks/tracked/tracked";
import { countInSteps } from "../../../src/tasks/reading/walk";
import { countingDatabase } from "../../support/counting";
import { deafQueue, deliver, lapseLeases, passWaits, taskOf, testEnv } from "../../support/engine";
import { cellsOf, doorAt, textOf } from "../../support/exported";
import { clearTasks, recount } from "../../support/recount";
import { isOpen, recordingFiles } from "../../support/recording-files";

const HOUR = 3_600_000;
const PART = 5 * 1024 * 1024;
const engine = new Engine([exportTasks]);
const sliced = new Engine([defineExport(taskSource, PART, 0)]);
const quiet = (overrides: Partial<Record<keyof Env, unknown>> = {}) =>
  testEnv({ QUEUE_TASKS: deafQueue, ...overrides });

/** Stores an export whose message is not sent. */
async function storeExport(filter: TaskFilter, formato: "csv" | "ndjson" = "csv"): Promise<string> {
  const task = { input: JSON.stringify({ formato, filter }), subject: null };
  const accepted = await enqueue(quiet(), exportTasks, [task], { user: "user:x" });
  return accepted.taskIds[0] ?? "";
}

/**
 * Puts ended tasks into the database, one a millisecond. Of every so many, the first is of the
 * module; returns the ids of these, newest first.
 */
async function seed(
  count: number,
  module: string,
  { bytes = 0, every = 1, first = Date.now() - HOUR } = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, i) => taskId(newBatchId(first + i), 0));
  await env.DB.prepare(
    `INSERT INTO tasks (id, name, module, queue, status, input, max_attempts, attempts, ready_at,
       check_at, created_at, started_at, finished_at, description)
     SELECT value, 'seeded.task', iif(key % ?2 = 0, ?3, 'filler'), 'tasks', 'SUCCESS', '{}', 3, 1, 0,
       0, ?4 + key, ?4 + key, ?4 + key + 25, nullif('Número ' || key || ' ' || ?5, 'Número ')
     FROM json_each(?1)`,
  )
    .bind(JSON.stringify(ids), every, module, first, "ñ".repeat(Math.ceil(bytes / 2)))
    .run();
  await recount();
  return ids.filter((_, i) => i % every === 0).toReversed();
}

async function idsIn(id: string): Promise<string[]> {
  const [head, ...lines] = cellsOf(await textOf(id));
  expect(head?.[0]).toBe("\u{FEFF}id");
  return lines.map(([cell = ""]) => cell);
}

describe("an export of tasks", () => {
  beforeEach(clearTasks);

  it("of nothing is a CSV's head alone, or an empty file", async () => {
    const csv = await storeExport({ module: "none" });
    await deliver([csv], quiet(), engine);
    expect(cellsOf(await textOf(csv))).toHaveLength(1);
    await clearTasks();
    const alone = await storeExport({}, "ndjson"); // An export does not hold itself.
    await deliver([alone], quiet(), engine);
    expect(await textOf(alone)).toBe("");
    const { result } = await taskOf(alone);
    expect(JSON.parse(result ?? "")).toEqual({
      filas: 0,
      bytes: 0,
      archivo: expect.stringMatching(/^tareas-\d{4}-\d\d-\d\d-[0-9a-f]{8}\.ndjson$/) as string,
    });
  });

  it("defuses whatever begins like a formula, wherever people can have put it", async () => {
    const evil = '=HYPERLINK("http://evil","x")';
    const work = {
      externalId: `@${evil}`,
      name: `+${evil}`,
      module: `-${evil}`,
      description: `\t${evil}`,
      user: evil,
      timeoutMs: HOUR,
      context: "{}",
    };
    const tracking = await startTracking(env, work, Date.now() - 1000);
    expect(tracking).toHaveProperty("created", true);
    await env.DB.prepare(
      `UPDATE tasks SET subject = ?1, step = ?1, error_code = ?1, error_message = ?1, worker = ?1,
         template = ?1, replay_of = ?1, discard_reason = ?1, queue = ?1`,
    )
      .bind(evil)
      .run();
    const id = await storeExport({});
    await deliver([id], quiet(), engine);
    const [head = [], cells = []] = cellsOf(await textOf(id));
    const evils = cells.filter((cell) => cell.includes("HYPERLINK"));
    expect(evils).toHaveLength(14);
    expect(evils.filter((cell) => !cell.startsWith("'"))).toEqual([]);
    expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
    expect(cells[head.indexOf("error_message")]).toBe(`'${evil}`);
    await clearTasks();
  });

  it("walks thousands, holding 200 and reading a bounded number of rows at a time", async () => {
    const ids = await seed(3300, "many");
    const rare = await seed(3300, "rare", { every: 700 });
    for (const [filter, wanted] of [
      [{ module: "many" }, ids],
      [{ module: "rare" }, rare],
    ] as const) {
      const id = await storeExport(filter);
      const { DB, sent } = countingDatabase();
      await deliver([id], quiet({ DB }), engine);
      expect(await idsIn(id)).toEqual(wanted);
      expect(sent.filter(({ rowsRead }) => rowsRead > 2100)).toEqual([]);
      const views = sent.filter(({ sql }) => sql.includes("'' AS input"));
      expect(views.length).toBeGreaterThan(0);
      for (const { values } of views) {
        expect(JSON.parse(String(values[0])).length).toBeLessThanOrEqual(200);
      }
    }
  });

  it("takes nothing accepted after it was asked for, and what has changed as it then is", async () => {
    const before = await seed(450, "now");
    const id = await storeExport({ module: "now", status: "SUCCESS" });
    await seed(3, "now", { first: Date.now() + 1 });
    await env.DB.prepare("UPDATE tasks SET status = 'FAILURE' WHERE id = ?").bind(before[7]).run();
    await recount();
    await deliver([id], quiet(), engine);
    expect(await idsIn(id)).toEqual(before.filter((each) => each !== before[7]));
  });

  it("cut into slices over a long stretch without rows is the same file, without a part", async () => {
    const wanted = await seed(4200, "sparse", { every: 1500 });
    const id = await storeExport({ module: "sparse" });
    const { files, calls } = recordingFiles();
    let slices = 0;
    for (; (await taskOf(id)).status === "PENDING"; slices += 1) {
      await deliver([id], quiet({ FILES: files }), sliced);
    }
    expect(slices).toBeGreaterThan(4);
    expect(calls).toEqual(["put"]);
    expect(await idsIn(id)).toEqual(wanted);
  });

  it("says how far it is by the time it has passed, when they are too many to be counted", async () => {
    const first = Date.now() - HOUR;
    const ids = await seed(2500, "far", { first });
    expect(await countInSteps(env.DB, { module: "far" }, 2)).toBeNull();
    expect(await countInSteps(env.DB, { module: "far" }, 3)).toBe(ids.length);
    const createdAt = first + ids.length;
    const input = { formato: "csv" as const, filter: { module: "far" } };
    const passed: number[] = [];
    for await (const page of taskSource.walk(env, { input, createdAt }).pages(null)) {
      passed.push(page.passed ?? -1);
    }
    expect(passed.length).toBeGreaterThan(12);
    expect(passed).toEqual(passed.toSorted((a, b) => a - b));
    expect(passed.at(0)).toBeLessThan(20);
    expect(passed.at(5)).toBeGreaterThan(35);
    expect(passed.at(-1)).toBeGreaterThan(95);
    expect(passed.at(-1)).toBeLessThanOrEqual(100);
  });
});

describe("a large export of tasks", () => {
  let ids: string[] = [];
  beforeAll(async () => {
    await clearTasks();
    ids = await seed(420, "bulky", { bytes: 40_000 });
  });

  it("goes on after the last part when its worker dies, whatever the dead one still sends", async () => {
    const id = await storeExport({ module: "bulky" });
    const stuck = doorAt("part", 3);
    const dying = deliver([id], quiet({ FILES: stuck.files }), engine);
    await stuck.reached;
    await lapseLeases();
    await recover(quiet(), Date.now());
    const { files, calls, sizes } = recordingFiles();
    await deliver([id], quiet({ FILES: files }), engine);
    expect(await idsIn(id)).toEqual(ids);
    expect(calls).not.toContain("create");
    expect(sizes.length).toBeLessThan(3); // The first two parts were not written again.
    stuck.open();
    await dying;
    expect(await idsIn(id)).toEqual(ids);
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1 });
    expect((await taskOf(id)).result).toContain(`"filas":420`);
  });

  it("cancelled leaves no file and no open upload", async () => {
    const id = await storeExport({ module: "bulky" });
    const { files, uploads } = recordingFiles();
    await deliver([id], quiet({ FILES: files }), sliced);
    expect(await actOn(quiet(), engine, "cancel", id, { by: "user:x" })).toBe("done");
    for (const upload of uploads) {
      expect(await isOpen(upload)).toBe(false);
    }
    expect(uploads).toHaveLength(1);
    expect(
      await listTasks(env.DB, { module: "exports", status: "REVOKED" }, { limit: 1, cursor: null }),
    ).toHaveProperty("rows.length", 1);
  });
});

describe("an export whose slices must end although much of it fills no part yet", () => {
  let ids: string[] = [];
  const byPage = new Engine([defineExport(taskSource, PART, undefined, 1)]);
  const filesOf = async (id: string) =>
    (await env.FILES.list({ prefix: `exports/${id}` })).objects.map(({ key, size }) => ({
      key,
      size,
    }));

  beforeAll(async () => {
    await clearTasks();
    ids = await seed(1700, "heavy", { bytes: 4000 });
  });

  it("is the same file, with one such rest at a time", async () => {
    const id = await storeExport({ module: "heavy" });
    const rests: number[] = [];
    for (let left = 20; left > 0 && (await taskOf(id)).status === "PENDING"; left--) {
      await deliver([id], quiet(), byPage);
      rests.push(
        ...(await filesOf(id)).filter(({ key }) => key.includes(".")).map(({ size }) => size),
      );
      expect((await filesOf(id)).length).toBeLessThanOrEqual(2);
    }
    expect((await taskOf(id)).result).toContain(`"filas":1700`);
    expect(await idsIn(id)).toEqual(ids);
    expect(rests.length).toBeGreaterThan(5);
    expect(Math.max(...rests)).toBeGreaterThan(4_000_000);
    expect(Math.max(...rests)).toBeLessThan(PART);
  });

  it("goes on from the rest that its last checkpoint names, whatever a dead worker left", async () => {
    const id = await storeExport({ module: "heavy" });
    await deliver([id], quiet(), byPage);
    const stuck = doorAt("put", 1);
    const dying = deliver([id], quiet({ FILES: stuck.files }), byPage);
    await stuck.reached;
    await lapseLeases();
    await recover(quiet(), Date.now());
    await deliver([id], quiet(), byPage);
    stuck.open();
    await dying;
    await deliver([id], quiet(), engine);
    expect(await idsIn(id)).toEqual(ids);
  });

  it("leaves nothing that a version without such rests could go on from, past what it misses", async () => {
    const id = await storeExport({ module: "heavy" });
    await deliver([id], quiet(), byPage);
    const row = env.DB.prepare("SELECT checkpoint FROM tasks WHERE id = ?").bind(id);
    const { carry, rest } = JSON.parse((await row.first("checkpoint")) ?? "{}");
    expect(rest).toContain(id);
    expect(carry).toBeNull();
  });

  it("begins anew when the rest of its last slice is gone", async () => {
    const id = await storeExport({ module: "heavy" });
    await deliver([id], quiet(), byPage);
    expect(await filesOf(id)).toHaveLength(1);
    await env.FILES.delete((await filesOf(id)).map(({ key }) => key));
    await deliver([id], quiet(), byPage);
    expect(await taskOf(id)).toMatchObject({ status: "RETRY", error_code: "upload_lost" });
    await passWaits([id]);
    await deliver([id], quiet(), engine);
    expect(await idsIn(id)).toEqual(ids);
  });

  it("cancelled between two such slices leaves nothing", async () => {
    const id = await storeExport({ module: "heavy" });
    await deliver([id], quiet(), byPage);
    await deliver([id], quiet(), byPage);
    expect(await filesOf(id)).not.toEqual([]);
    await actOn(quiet(), byPage, "cancel", id, { by: "user:x" });
    expect(await filesOf(id)).toEqual([]);
  });
});
