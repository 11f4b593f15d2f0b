import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { deleteOldFiles, fileKey } from "../../../src/exports/file";
import type { OrderExportInput } from "../../../src/exports/orders";
import { exportOrders, orderSource } from "../../../src/exports/orders";
import { defineExport } from "../../../src/exports/task";
import { abortUpload } from "../../../src/exports/upload";
import { toPedido } from "../../../src/orders/order/contract";
import { getOrder } from "../../../src/orders/order/queries";
import { nextOrders, type WalkPlace } from "../../../src/orders/reading/walk";
import { actOn } from "../../../src/tasks/commands/actions";
import { Engine } from "../../../src/tasks/model/engine";
import { enqueue } from "../../../src/tasks/accepting/enqueue";
import { recover } from "../../../src/tasks/recovery/recover";
import { storeBulkyOrders } from "../../support/bulky-orders";
import { deafQueue, deliver, lapseLeases, passWaits, taskOf, testEnv } from "../../support/engine";
import { countingDatabase } from "../../support/counting";
import { cellsOf, doorAt, textOf } from "../../support/exported";
import { faultyDatabase, strike } from "../../support/faults";
import { type FileCall, isOpen, recordingFiles } from "../../support/recording-files";

const PART = 5 * 1024 * 1024;
const BY = "user:operator";
const engine = new Engine([exportOrders]);
const quiet = (overrides: Partial<Record<keyof Env, unknown>> = {}) =>
  testEnv({ QUEUE_TASKS: deafQueue, ...overrides });

/** Stores an export of orders of a customer of its own, whose message is not sent. */
async function storeExport(
  input: Partial<OrderExportInput>,
  user: string | null = BY,
): Promise<string> {
  const text = JSON.stringify({ formato: "ndjson", ...input });
  const task = { input: text, subject: null };
  const accepted = await enqueue(quiet(), exportOrders, [task], { user });
  return accepted.taskIds[0] ?? "";
}

async function expectLines(id: string, orders: readonly string[]): Promise<void> {
  const lines = (await textOf(id)).split("\n");
  expect(lines.pop()).toBe("");
  expect(lines.length).toBe(orders.length);
  for (const [index, line] of lines.entries()) {
    const order = await getOrder(env.DB, orders[index] ?? "");
    if (order === null || line !== JSON.stringify(toPedido(order))) {
      expect.fail(`line ${index} of ${id} is not order ${orders[index]}: ${line.slice(0, 200)}`);
    }
  }
}

let bulky: ReturnType<typeof storeBulkyCustomer> | undefined;

/** Returns one customer whose orders make up a file of more than three parts; stored once. */
function bulkyCustomer() {
  bulky ??= storeBulkyCustomer();
  return bulky;
}

async function storeBulkyCustomer(): Promise<{ cliente: string; orders: string[] }> {
  const cliente = "Bulky";
  const processedAt = Date.now() - 86_400_000;
  const orders = await storeBulkyOrders({
    count: 420,
    bytes: 40_000,
    customer: cliente,
    processedAt,
  });
  return { cliente, orders };
}

async function expectNothingLeft(id: string, uploads: { key: string; id: string }[]) {
  expect(await env.FILES.head(fileKey(id))).toBeNull();
  for (const upload of uploads) {
    expect(await isOpen(upload)).toBe(false);
  }
}

describe("an export", () => {
  it("smaller than a part is one put, and says what it wrote", async () => {
    const cliente = "Small";
    const orders = await storeBulkyOrders({ count: 7, customer: cliente, processedAt: 1000 });
    const id = await storeExport({ cliente });
    const { files, calls } = recordingFiles();
    await deliver([id], quiet({ FILES: files }), engine);
    expect(calls).toEqual(["put"]);
    await expectLines(id, orders);
    const bytes = (await env.FILES.head(fileKey(id)))?.size;
    const task = await taskOf(id);
    expect(task.status).toBe("SUCCESS");
    expect(JSON.parse(task.result ?? "")).toEqual({
      filas: 7,
      bytes,
      archivo: expect.stringMatching(/^pedidos-\d{4}-\d\d-\d\d-[0-9a-f]{8}\.ndjson$/) as string,
    });
  });

  it("of nothing is an empty file, or a CSV's head alone", async () => {
    for (const [formato, text] of [
      ["ndjson", /^$/],
      ["csv", /^\uFEFFid_pedido_original,hash_pedido,cliente,[^\n]*,task_id\r\n$/],
    ] as const) {
      const id = await storeExport({ formato, cliente: "Nobody" });
      await deliver([id], quiet(), engine);
      expect(await textOf(id)).toMatch(text);
      expect((await taskOf(id)).result).toContain(`"filas":0`);
    }
  });

  it("as CSV quotes what must be, and defuses formulas", async () => {
    const cliente = `=HYPERLINK("http://evil","x")`;
    const [order = ""] = await storeBulkyOrders({ count: 1, customer: cliente, processedAt: 5000 });
    const id = await storeExport({ formato: "csv", cliente });
    await deliver([id], quiet(), engine);
    const line = (await textOf(id)).split("\r\n")[1];
    expect(line).toMatch(
      new RegExp(`^${order},hash,"'=HYPERLINK\\(""http://evil"",""x""\\)","\\[\\{""`),
    );
    expect(line).toMatch(/,109\.95,0\.00,109\.95,USD,1970-01-01T00:00:05\.000Z,task of \d+$/);
    const object = await env.FILES.head(fileKey(id));
    expect(object?.httpMetadata?.contentType).toBe("text/csv; charset=utf-8");
  });

  it("as CSV defuses formulas that a spreadsheet finds by splitting at semicolons", async () => {
    const cliente = "x;=1+1";
    const [order = ""] = await storeBulkyOrders({ count: 1, customer: cliente, processedAt: 5000 });
    await env.DB.prepare("UPDATE orders SET lines = replace(lines, 'P001', 'P;=2+2;') WHERE id = ?")
      .bind(order)
      .run();
    const id = await storeExport({ formato: "csv", cliente });
    await deliver([id], quiet(), engine);
    const text = await textOf(id);
    expect(text).toContain(`${order},hash,"x;'=1+1",`);
    expect(text.split(/[;\r\n]/).filter((cell) => /^["\s]*[=+@-]/.test(cell))).toEqual([]);
    const lines: unknown = JSON.parse(cellsOf(text)[1]?.[3] ?? "");
    expect(lines).toMatchObject([{ sku: "P;=2+2;" }]);
  });

  it("takes what its filter says, and nothing processed after it was asked for", async () => {
    const cliente = "Filtered";
    const store = (processedAt: number) =>
      storeBulkyOrders({ count: 3, customer: cliente, processedAt });
    const day = Date.parse("2026-01-02");
    await store(day - 5);
    const inside = [...(await store(day)), ...(await store(day + 86_399_000))];
    await store(day + 86_400_000);
    const id = await storeExport({
      cliente: "fILTERED",
      desde: "2026-01-02",
      hasta: "2026-01-03T01:00:00+01:00",
    });
    const open = await storeExport({ cliente, desde: "2026-01-02" });
    await store(Date.now() + 1000);
    await deliver([id, open], quiet(), engine);
    await expectLines(id, inside);
    expect((await taskOf(open)).result).toContain(`"filas":9`);
  });

  it("of many parts has equal ones, holds one at a time, and tells whoever asked", async () => {
    const { cliente, orders } = await bulkyCustomer();
    const id = await storeExport({ cliente });
    const { files, sizes, calls } = recordingFiles();
    await deliver([id], quiet({ FILES: files }), engine);
    await expectLines(id, orders);
    expect(sizes.slice(0, -1)).toEqual(sizes.slice(0, -1).map(() => PART));
    expect(sizes.length).toBeGreaterThan(3);
    expect(sizes.at(-1)).toBeLessThan(PART);
    expect(calls.filter((call) => call !== "part")).toEqual(["create", "complete"]);
    const told = await env.DB.prepare("SELECT type, user FROM notifications WHERE task_id = ?")
      .bind(id)
      .all();
    expect(told.results).toEqual([{ type: "success", user: BY }]);
  });

  it("cut into slices is the same file", async () => {
    const { cliente, orders } = await bulkyCustomer();
    const id = await storeExport({ cliente, formato: "ndjson" });
    const sliced = new Engine([defineExport(orderSource, PART, 0)]);
    const { files, sizes } = recordingFiles();
    let slices = 0;
    for (; (await taskOf(id)).status === "PENDING"; slices++) {
      await deliver([id], quiet({ FILES: files }), sliced);
    }
    expect(slices).toBe(sizes.length);
    expect(slices).toBeGreaterThan(3);
    await expectLines(id, orders);
  });
});

it("a page of orders is read in order, once, and holds a megabyte and one order at most", async () => {
  const { cliente, orders } = await bulkyCustomer();
  const small = await storeBulkyOrders({ count: 1100, customer: cliente, processedAt: 1 });
  const found: string[] = [];
  const sizes: number[] = [];
  let after: WalkPlace | null = null;
  const { DB, sent } = countingDatabase();
  for (;;) {
    const filter = { customer: cliente, from: 1, before: Date.now() };
    const page = await nextOrders(DB, filter, after);
    if (!page) {
      break;
    }
    const { rows, end } = page;
    sizes.push(rows.length);
    const last = rows.at(-1) ?? expect.fail();
    const bytes = rows.reduce((sum, { lines }) => sum + new TextEncoder().encode(lines).length, 0);
    expect(bytes - new TextEncoder().encode(last.lines).length).toBeLessThan(1_000_000);
    found.push(...rows.map(({ id }) => id));
    after = end;
  }
  expect(found).toEqual([...small, ...orders]);
  expect(sizes.slice(0, 2)).toEqual([500, 500]);
  expect(sent.filter(({ rowsRead }) => rowsRead > 2510)).toEqual([]); // An order costs five rows.
  await env.DB.prepare("DELETE FROM orders WHERE processed_at < 1000 AND customer = ?")
    .bind(cliente)
    .run();
});

describe("an export whose worker dies", () => {
  it("goes on after the last part, whatever the dead one still sends", async () => {
    const { cliente, orders } = await bulkyCustomer();
    const id = await storeExport({ cliente });
    const stuck = doorAt("part", 3);
    const dying = deliver([id], quiet({ FILES: stuck.files }), engine);
    await stuck.reached;
    await lapseLeases();
    await recover(quiet(), Date.now());
    const { files, calls } = recordingFiles();
    await deliver([id], quiet({ FILES: files }), engine);
    await expectLines(id, orders);
    expect(calls).not.toContain("create");
    expect(calls.filter((call) => call === "part").length).toBe(stuck.sizes.length - 2 + 1);
    stuck.open();
    await dying;
    await expectLines(id, orders);
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1 });
  });

  it("between the file and its settle finds the file made", async () => {
    const { cliente, orders } = await bulkyCustomer();
    const id = await storeExport({ cliente });
    const DB = faultyDatabase(strike("UPDATE tasks SET resends = 0, worker", "fails", 9));
    await deliver([id], quiet({ DB }), engine);
    expect((await taskOf(id)).status).toBe("PENDING");
    await expectLines(id, orders);
    const { files, calls } = recordingFiles();
    await deliver([id], quiet({ FILES: files }), engine);
    expect(calls).toEqual(["complete", "head"]);
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS", attempts: 1 });
    expect((await taskOf(id)).result).toContain(`"filas":420`);
  });

  it("or whose part R2 refuses once goes on after the part before", async () => {
    const { cliente, orders } = await bulkyCustomer();
    const id = await storeExport({ cliente });
    let parts = 0;
    const failing = recordingFiles((call) => {
      parts += call === "part" ? 1 : 0;
      if (call === "part" && parts === 3) {
        throw new Error("uploadPart: We encountered an internal error. (10001)");
      }
    });
    await deliver([id], quiet({ FILES: failing.files }), engine);
    expect((await taskOf(id)).status).toBe("RETRY");
    await passWaits([id]);
    const { files, calls } = recordingFiles();
    await deliver([id], quiet({ FILES: files }), engine);
    expect(calls).toEqual(["part", "part", "complete"]);
    await expectLines(id, orders);
  });

  it("begins anew when R2 has dropped its upload", async () => {
    const { cliente, orders } = await bulkyCustomer();
    const id = await storeExport({ cliente });
    const sliced = new Engine([defineExport(orderSource, PART, 0)]);
    const { files, uploads } = recordingFiles();
    await deliver([id], quiet({ FILES: files }), sliced);
    const [lost] = uploads;
    await abortUpload(env.FILES, fileKey(id), lost?.id ?? "");
    await deliver([id], quiet(), engine);
    expect(await taskOf(id)).toMatchObject({ status: "RETRY", error_code: "upload_lost" });
    await passWaits([id]);
    await deliver([id], quiet(), engine);
    expect((await taskOf(id)).status).toBe("SUCCESS");
    await expectLines(id, orders);
  });
});

describe("a cancelled export leaves no file and no open upload", () => {
  it.each<[FileCall, number]>([
    ["create", 1],
    ["part", 1],
    ["part", 3],
    ["complete", 1],
  ])("during %s %i", async (call, nth) => {
    const { cliente } = await bulkyCustomer();
    const id = await storeExport({ cliente });
    const stuck = doorAt(call, nth);
    const env = quiet({ FILES: stuck.files });
    const running = deliver([id], env, engine);
    await stuck.reached;
    expect(await actOn(env, engine, "cancel", id, { by: BY })).toBe("done");
    stuck.open();
    await running;
    expect((await taskOf(id)).status).toBe("REVOKED");
    await expect.poll(() => stuck.uploads.length).toBe(1);
    // A call that was under way may end after the run was told to stop.
    await expect.poll(() => isOpen(stuck.uploads[0] ?? { key: "", id: "" })).toBe(false);
    await expectNothingLeft(id, stuck.uploads);
  });

  it("between its slices, and after it can be run again from the start", async () => {
    const { cliente, orders } = await bulkyCustomer();
    const id = await storeExport({ cliente });
    const { files, uploads } = recordingFiles();
    await deliver([id], quiet({ FILES: files }), new Engine([defineExport(orderSource, PART, 0)]));
    await actOn(quiet(), engine, "cancel", id, { by: BY });
    await expectNothingLeft(id, uploads);
    await actOn(quiet(), engine, "retry", id, { by: BY });
    await deliver([id], quiet(), engine);
    await expectLines(id, orders);
  });

  it("during the one put of a small one", async () => {
    await storeBulkyOrders({ count: 1, customer: "Put", processedAt: 1 });
    const id = await storeExport({ cliente: "Put" });
    const stuck = doorAt("put", 1);
    const running = deliver([id], quiet({ FILES: stuck.files }), engine);
    await stuck.reached;
    await actOn(quiet(), engine, "cancel", id, { by: BY });
    stuck.open();
    await running;
    await expectNothingLeft(id, []);
  });
});

it("old files are deleted, younger ones and other things are not", async () => {
  const id = await storeExport({ cliente: "Nobody" });
  await deliver([id], quiet(), engine);
  await env.FILES.put("other/thing", "x");
  const DAY = 86_400_000;
  const uploaded = (await env.FILES.head(fileKey(id)))?.uploaded.getTime() ?? 0;
  await deleteOldFiles(env.FILES, DAY, uploaded + DAY);
  expect(await env.FILES.head(fileKey(id))).not.toBeNull();
  expect(await deleteOldFiles(env.FILES, DAY, uploaded + DAY + 1)).toBeGreaterThan(0);
  expect(await env.FILES.head(fileKey(id))).toBeNull();
  expect(await env.FILES.head("other/thing")).not.toBeNull();
});
