import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchRange } from "../../../src/lib/ids";
import { expectProblem } from "../../support/api";
import {
  type Execution,
  JSON_TYPE,
  NDJSON_TYPE,
  outcomesOf,
  type Pedido,
  pedido,
  post,
  processAll,
  send,
  storedRows,
  untilFinal,
} from "../../support/api-orders";
import { deliver, passWaits, storeOrders, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";

const MIB = 1024 * 1024;
const MAX_BYTES = 8 * MIB;
const text = JSON.stringify;
const encode = (value: string) => new TextEncoder().encode(value);

/**
 * Makes the JSON text of an order whose members are given as JSON text, so that any text can be
 * sent.
 */
function rawOrder(members: Record<string, string>): string {
  const order = Object.entries(anOrder()).map(([name, value]) => [name, text(value)]);
  const merged = { ...Object.fromEntries(order), ...members } as Record<string, string>;
  const pairs = Object.entries(merged).map(([name, value]) => `${text(name)}:${value}`);
  return `{${pairs.join(",")}}`;
}

/** Sends text between two good orders in one array; the good ones must not notice. */
async function amongGoodOnes(raw: string): Promise<Execution> {
  const [before, after] = [anOrder(), anOrder()];
  const { lote } = await send(`[${text(before)},${raw},${text(after)}]`);
  const tasks = await outcomesOf(lote, 3);
  expect(tasks[0]).toMatchObject({ status: "SUCCESS", pedido_id: String(before["id"]) });
  expect(tasks[2]).toMatchObject({ status: "SUCCESS", pedido_id: String(after["id"]) });
  return tasks[1] as Execution;
}

describe("what a request may hold", () => {
  const [a, b, c] = [() => text(anOrder()), () => text(anOrder()), () => text(anOrder())];
  it.each<[string, string, () => string, number]>([
    ["one order", JSON_TYPE, a, 1],
    ["an array of one", JSON_TYPE, () => `[${a()}]`, 1],
    ["an array", JSON_TYPE, () => `[${a()}, ${b()},\n${c()}]`, 3],
    ["JSON with white space around", JSON_TYPE, () => ` \r\n\t${a()}\n\n`, 1],
    ["JSON with a byte order mark", JSON_TYPE, () => `\uFEFF[${a()},${b()}]`, 2],
    ["JSON by another spelling of its type", "Application/JSON ; charset=utf-8", a, 1],
    ["NDJSON", NDJSON_TYPE, () => `${a()}\n${b()}\n${c()}\n`, 3],
    ["NDJSON without a final newline", NDJSON_TYPE, () => `${a()}\n${b()}\n${c()}`, 3],
    ["NDJSON of one line", NDJSON_TYPE, a, 1],
    ["NDJSON with blank lines", NDJSON_TYPE, () => `\n\n${a()}\n   \n\t\n${b()}\n\n`, 2],
    ["NDJSON with CRLF", NDJSON_TYPE, () => `${a()}\r\n\r\n${b()}\r\n`, 2],
    ["NDJSON with a byte order mark", NDJSON_TYPE, () => `\uFEFF${a()}\n${b()}\n`, 2],
    ["NDJSON with a charset", `${NDJSON_TYPE}; charset=utf-8`, () => `${a()}\n`, 1],
  ])("%s", async (_name, type, body, count) => {
    const sent = body();
    const ids = [...sent.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id));
    const response = await post(sent, type);
    expect(response.status).toBe(202);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    const accepted = await response.json<{ lote: string; tareas: { task_id: string }[] }>();
    expect(accepted).toEqual({
      lote: expect.any(String),
      aceptados: count,
      tareas: ids.map((id) => ({ task_id: expect.any(String), pedido_id: id })),
    });
    const tasks = await outcomesOf(accepted.lote, count);
    expect(tasks.map(({ task_id, pedido_id, status }) => [task_id, pedido_id, status])).toEqual(
      accepted.tareas.map(({ task_id }, index) => [task_id, String(ids[index]), "SUCCESS"]),
    );
    for (const [index, id] of ids.entries()) {
      const stored = await (await pedido(id)).json<Pedido>();
      expect(stored.id_pedido_original).toBe(id);
      expect(stored.task_id).toBe(accepted.tareas[index]?.task_id);
    }
  });

  it("has the final slash as an option", async () => {
    const answers = await Promise.all(["", "/"].map(() => post(text(anOrder()))));
    expect(answers.map((answer) => answer.status)).toEqual([202, 202]);
  });

  it("says each id as it was sent, and null for what is none", async () => {
    const ids = [7_000_001, "7000002", 1.5, -1, "", "\ud800", null, {}, [1], true];
    const sent = [...ids.map((id) => anOrder({ id })), anOrder({ id: undefined }), 42, null, []];
    const { tareas } = await send(text(sent));
    const said = [7_000_001, "7000002", 1.5, -1, "", "\ud800"];
    const nulls = Array.from({ length: sent.length - said.length }, () => null);
    expect(tareas.map((tarea) => tarea.pedido_id)).toEqual([...said, ...nulls]);
  });
});

describe("how much", () => {
  it(
    "10,000 orders in one request, each with its row and its end",
    { timeout: 180_000 },
    async () => {
      const orders = Array.from({ length: 10_000 }, (_, index) => ({
        id: `lot-${index}`,
        cliente: "A",
        productos: [{ sku: "P1", cantidad: 1 }],
      }));
      const { lote, aceptados, tareas } = await send(text(orders));
      expect(aceptados).toBe(10_000);
      const query = "SELECT id, subject FROM tasks WHERE id BETWEEN ? AND ? ORDER BY id";
      const { results } = await env.DB.prepare(query)
        .bind(...batchRange(lote))
        .all<{ id: string; subject: string }>();
      expect(results).toHaveLength(10_000);
      expect(results.map(({ id, subject }) => `${id} ${subject}`)).toEqual(
        tareas.map(({ task_id, pedido_id }) => `${task_id} ${String(pedido_id)}`),
      );
      expect(tareas.map(({ pedido_id }) => pedido_id)).toEqual(orders.map(({ id }) => id));
      await untilFinal(lote, 10_000, 170_000);
      const stored = env.DB.prepare(
        "SELECT count(*) AS n FROM orders WHERE task_id BETWEEN ? AND ?",
      );
      expect(await stored.bind(...batchRange(lote)).first("n")).toBe(10_000);
    },
  );

  it.each<[string, string, string]>([
    ["10,001 orders", JSON_TYPE, `[${"0,".repeat(10_000)}0]`],
    ["10,001 lines", NDJSON_TYPE, "0\n".repeat(10_001)],
    ["an array of millions", JSON_TYPE, `[${"0,".repeat(MAX_BYTES / 2 - 2)}0]`],
    ["millions of lines", NDJSON_TYPE, "0\n".repeat(MAX_BYTES / 2)],
  ])("not %s", async (_name, type, body) => {
    const before = await storedRows();
    await expectProblem(await post(body, type), 413, "too_many_orders");
    expect(await storedRows()).toEqual(before);
  });

  it("8 MiB to the byte", async () => {
    const order = text(anOrder());
    const body = order + " ".repeat(MAX_BYTES - order.length);
    expect((await send(body)).aceptados).toBe(1);
  });

  it.each([JSON_TYPE, NDJSON_TYPE])("not a byte more, as %s", async (type) => {
    const before = await storedRows();
    const order = text(anOrder());
    const body = encode(order + " ".repeat(MAX_BYTES + 1 - order.length));
    await expectProblem(await post(body, type), 413, "body_too_large");
    expect(await storedRows()).toEqual(before);
  });

  it("not a byte more in a stream of unknown length, of which it reads no more than it must", async () => {
    const before = await storedRows();
    let pulled = 0;
    const chunk = encode(" ".repeat(64 * 1024));
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += chunk.byteLength;
        if (pulled > 40 * MIB) {
          controller.close();
        } else {
          controller.enqueue(chunk);
        }
      },
    });
    await expectProblem(await post(body), 413, "body_too_large");
    expect(pulled).toBeLessThan(20 * MIB);
    expect(await storedRows()).toEqual(before);
  });

  it.each([
    [MAX_BYTES, 202],
    [MAX_BYTES + 1, 413],
  ])("%i bytes of unknown length: %i", async (size, status) => {
    const order = text(anOrder());
    const bytes = encode(order + " ".repeat(size - order.length));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    expect((await post(body)).status).toBe(status);
  });

  it("a stream of unknown length that holds good orders", async () => {
    const bytes = encode(text([anOrder({ cliente: "Señor 漢字 😀" }), anOrder()]));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) {
          controller.enqueue(Uint8Array.of(byte));
        }
        controller.close();
      },
    });
    const response = await post(body);
    expect(response.status).toBe(202);
    const { lote } = await response.json<{ lote: string }>();
    const tasks = await outcomesOf(lote, 2);
    expect(tasks.map(({ status }) => status)).toEqual(["SUCCESS", "SUCCESS"]);
  });
});

describe("what is refused whole, and leaves nothing", () => {
  const [order] = [text({ id: 1, cliente: "A", productos: [{ sku: "P1", cantidad: 1 }] })];
  it.each<[string, string, string | Uint8Array, string]>([
    ["an empty body", JSON_TYPE, "", "invalid_json"],
    ["white space", JSON_TYPE, " \n ", "invalid_json"],
    ["a byte order mark alone", JSON_TYPE, "\uFEFF", "invalid_json"],
    ["an empty array", JSON_TYPE, "[]", "empty_batch"],
    ["empty NDJSON", NDJSON_TYPE, "", "empty_batch"],
    ["NDJSON of blank lines", NDJSON_TYPE, "\n \r\n\n", "empty_batch"],
    ["a number", JSON_TYPE, "42", "invalid_body"],
    ["a text", JSON_TYPE, '"order"', "invalid_body"],
    ["true", JSON_TYPE, "true", "invalid_body"],
    ["null", JSON_TYPE, "null", "invalid_body"],
    ["no JSON", JSON_TYPE, "nope", "invalid_json"],
    ["half an object", JSON_TYPE, order.slice(0, -3), "invalid_json"],
    ["half an array", JSON_TYPE, `[${order},${order}`, "invalid_json"],
    ["a final comma", JSON_TYPE, `[${order},]`, "invalid_json"],
    ["two objects", JSON_TYPE, `${order}${order}`, "invalid_json"],
    ["NDJSON called JSON", JSON_TYPE, `${order}\n${order}\n`, "invalid_json"],
    ["NaN", JSON_TYPE, `[${order},NaN]`, "invalid_json"],
    ["a raw null character", JSON_TYPE, `[${order},"\u0000"]`, "invalid_json"],
    ["8 MiB of [", JSON_TYPE, "[".repeat(MAX_BYTES), "invalid_json"],
    ['8 MiB of {"a":', JSON_TYPE, '{"a":'.repeat(Math.floor(MAX_BYTES / 5)), "invalid_json"],
    ["8 MiB of [ in a line", NDJSON_TYPE, "[".repeat(MAX_BYTES), "invalid_ndjson"],
    ["8 MiB of one open text", JSON_TYPE, `"${"x".repeat(MAX_BYTES - 1)}`, "invalid_json"],
    ["a byte that is no UTF-8", JSON_TYPE, Uint8Array.of(0x5b, 0xff, 0x5d), "invalid_encoding"],
    ["a character cut in two", JSON_TYPE, encode(`["é`).slice(0, -1), "invalid_encoding"],
    [
      "an overlong encoding",
      NDJSON_TYPE,
      Uint8Array.of(0x22, 0xc0, 0xaf, 0x22),
      "invalid_encoding",
    ],
    [
      "an encoded surrogate",
      JSON_TYPE,
      Uint8Array.of(0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d),
      "invalid_encoding",
    ],
    ["UTF-16", JSON_TYPE, Uint8Array.of(0xff, 0xfe, 0x5b, 0x00, 0x5d, 0x00), "invalid_encoding"],
  ])("%s", async (_name, type, body, code) => {
    const before = await storedRows();
    const problem = await expectProblem(await post(body, type), 400, code);
    expect(problem.detail.length).toBeLessThan(500);
    expect(await storedRows()).toEqual(before);
  });

  it.each<[string, string, number]>([
    ["the last line cut short", `${order}\n${order}\n${order.slice(0, 20)}`, 3],
    ["the first line cut short", `${order.slice(0, -1)}\n${order}\n`, 1],
    ["a line after blank ones and CRLF", `\r\n${order}\r\n\r\n{"id":\r\n`, 4],
    ["two orders in a line", `${order}\n${order} ${order}\n`, 2],
    ["an array over two lines", `${order}\n[\n1]\n`, 2],
  ])("NDJSON with %s: the line is named", async (_name, body, line) => {
    const before = await storedRows();
    const problem = await expectProblem(await post(body, NDJSON_TYPE), 400, "invalid_ndjson");
    expect(problem["line"]).toBe(line);
    expect(problem.detail).toMatch(new RegExp(`\\b${line}\\b`));
    expect(await storedRows()).toEqual(before);
  });

  it.each([
    null,
    "",
    "text/plain",
    "text/json",
    "application/jsonx",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "application/json, application/x-ndjson",
  ])("content type %s", async (type) => {
    const before = await storedRows();
    await expectProblem(await post(order, type), 415, "unsupported_media_type");
    expect(await storedRows()).toEqual(before);
  });
});

describe("an order that fails alone", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const padding = text("x".repeat(17_000));
  it.each<[string, string, string]>([
    ["200 KB of customer", rawOrder({ cliente: text("x".repeat(200_000)) }), "order_too_large"],
    [
      "200 KB of an unknown member",
      rawOrder({ nota: text("x".repeat(200_000)) }),
      "order_too_large",
    ],
    [
      "64 KiB that only bytes make",
      rawOrder({ nota: text("é".repeat(32_768)) }),
      "order_too_large",
    ],
    ["6 MB of text for an order", text("x".repeat(6_000_000)), "order_too_large"],
    ["100,000 numbers for an order", `[${"0,".repeat(99_999)}0]`, "order_too_large"],
    ["20,000 numbers for an order", `[${"0,".repeat(19_999)}0]`, "invalid_order"],
    ["20,000 lines", rawOrder({ productos: `[${"0,".repeat(19_999)}0]` }), "too_many_lines"],
    [
      "5,000 members",
      `{${Array.from({ length: 5000 }, (_, i) => `"${i}":0`).join(",")}}`,
      "invalid_id",
    ],
    ["10,000 levels", rawOrder({ nota: nested(10_000) }), "order_too_deep"],
    [
      "10,000 levels of objects",
      '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000),
      "order_too_deep",
    ],
    ["1,500 levels in 20 KB", rawOrder({ nota: nested(1500), relleno: padding }), "order_too_deep"],
    ["1,001 levels", rawOrder({ nota: nested(1001) }), "order_too_deep"],
    ["lists for an order", nested(1_000_000), "order_too_deep"],
    ["levels and bytes too many", `[${nested(100)},${text("x".repeat(99_999))}]`, "order_too_deep"],
    ["a list for an order", "[[]]", "invalid_order"],
    ["a number for an order", "42", "invalid_order"],
    ["a text for an order", '"order"', "invalid_order"],
    ["null for an order", "null", "invalid_order"],
    ["false for an order", "false", "invalid_order"],
    ["nothing at all", "{}", "invalid_id"],
    ["id 1e400", rawOrder({ id: "1e400" }), "invalid_id"],
    ["id -1e400", rawOrder({ id: "-1e400" }), "invalid_id"],
    ["id 9007199254740993", rawOrder({ id: "9007199254740993" }), "invalid_id"],
    ["id -1", rawOrder({ id: "-1" }), "invalid_id"],
    ["id 0", rawOrder({ id: "0" }), "invalid_id"],
    ["id -0", rawOrder({ id: "-0" }), "invalid_id"],
    ["id 1.5", rawOrder({ id: "1.5" }), "invalid_id"],
    ["id 1e-7", rawOrder({ id: "1e-7" }), "invalid_id"],
    ["id empty", rawOrder({ id: '""' }), "invalid_id"],
    ["id blank", rawOrder({ id: '" "' }), "invalid_id"],
    ["id null", rawOrder({ id: "null" }), "invalid_id"],
    ["id {}", rawOrder({ id: "{}" }), "invalid_id"],
    ["id [1]", rawOrder({ id: "[1]" }), "invalid_id"],
    ["id true", rawOrder({ id: "true" }), "invalid_id"],
    ["id of a lone surrogate", rawOrder({ id: String.raw`"\ud800"` }), "invalid_id"],
    ["id with a lone surrogate", rawOrder({ id: String.raw`"a\udc00b"` }), "invalid_id"],
    ["id with a null character", rawOrder({ id: String.raw`"a\u0000b"` }), "invalid_id"],
    ["id with a newline", rawOrder({ id: String.raw`"a\nb"` }), "invalid_id"],
    ["id with a right-to-left override", rawOrder({ id: '"\u202Eabc"' }), "invalid_id"],
    ["id with a zero-width space", rawOrder({ id: '"a\u200Bb"' }), "invalid_id"],
    ["id of 65 characters", rawOrder({ id: text("x".repeat(65)) }), "invalid_id"],
    ["id of 60 KB", rawOrder({ id: text("x".repeat(60_000)) }), "invalid_id"],
    ["id in __proto__ only", '{"__proto__":{"id":7,"cliente":"A"}}', "invalid_id"],
    [
      "customer of a lone surrogate",
      rawOrder({ cliente: String.raw`"\ud800"` }),
      "invalid_customer",
    ],
    [
      "customer with a null character",
      rawOrder({ cliente: String.raw`"a\u0000"` }),
      "invalid_customer",
    ],
    ["customer with a line break", rawOrder({ cliente: String.raw`"a\nb"` }), "invalid_customer"],
    ["customer {}", rawOrder({ cliente: "{}" }), "invalid_customer"],
    ["products {}", rawOrder({ productos: "{}" }), "empty_order"],
    ["products with a length", rawOrder({ productos: '{"length":1,"0":{}}' }), "empty_order"],
    [
      "SKU of a lone surrogate",
      rawOrder({ productos: String.raw`[{"sku":"P1\ud800","cantidad":1}]` }),
      "invalid_sku",
    ],
    [
      "SKU with a null character",
      rawOrder({ productos: String.raw`[{"sku":"P\u00001","cantidad":1}]` }),
      "invalid_sku",
    ],
    [
      "SKU in __proto__",
      rawOrder({ productos: '[{"__proto__":{"sku":"P1","cantidad":1}}]' }),
      "invalid_sku",
    ],
    [
      "quantity 1e400",
      rawOrder({ productos: '[{"sku":"P1","cantidad":1e400}]' }),
      "invalid_quantity",
    ],
    [
      "quantity of text",
      rawOrder({ productos: '[{"sku":"P1","cantidad":"1"}]' }),
      "invalid_quantity",
    ],
    [
      "SKU of digits without end",
      rawOrder({ productos: `[{"sku":"${"9".repeat(64)}","cantidad":1}]` }),
      "unknown_sku",
    ],
    [
      "SKU of a path",
      rawOrder({ productos: '[{"sku":"../../admin","cantidad":1}]' }),
      "unknown_sku",
    ],
    ["SKU of other digits", rawOrder({ productos: '[{"sku":"٤","cantidad":1}]' }), "unknown_sku"],
  ])("%s", async (_name, raw, code) => {
    const task = await amongGoodOnes(raw);
    expect(task).toMatchObject({ status: "FAILURE", error_code: code });
    expect(task.error_message).toMatch(/\S/);
    expect(task.error_message?.length).toBeLessThan(500);
    expect(task.error_detail).toHaveProperty(
      "stage",
      code === "unknown_sku" ? "enrich" : "validate",
    );
  });

  it("of 8 MiB of closed brackets is the one failure of its request", async () => {
    const { lote } = await send(nested(MAX_BYTES / 2));
    const [task] = await outcomesOf(lote, 1);
    expect(task).toMatchObject({ status: "FAILURE", error_code: "order_too_deep" });
  });

  it("each line of NDJSON for itself", async () => {
    const lines = [text(anOrder()), "[1]", text(nested(2)), "7", "null", text(anOrder())];
    const { lote } = await send(lines.join("\n"), NDJSON_TYPE);
    const codes = (await outcomesOf(lote, 6)).map((task) => task.error_code);
    const bad = "invalid_order";
    expect(codes).toEqual([null, bad, bad, bad, bad, null]);
  });

  // A message is cut to a length; the cut must not leave half a character behind.
  it.each([72, 73, 74, 75, 76, 77, 78, 79, 80])(
    "with an emoji at place %i of its id",
    async (at) => {
      const raw = rawOrder({ id: text(`${"a".repeat(at)}😀${"b".repeat(80)}`) });
      const task = await amongGoodOnes(raw);
      expect(task).toMatchObject({ status: "FAILURE", error_code: "invalid_id" });
      expect(task.error_message).toContain("aaaaaaaaaa");
      expect(task.error_message?.isWellFormed()).toBe(true);
      expect(task.error_message).not.toContain("\uFFFD");
    },
  );

  it.each([37, 38, 39, 40])("with an emoji after %i quotes in its SKU", async (quotes) => {
    const sku = `${'"'.repeat(quotes)}😀x`;
    const task = await amongGoodOnes(rawOrder({ productos: text([{ sku, cantidad: 1 }]) }));
    expect(task).toMatchObject({ status: "FAILURE", error_code: "unknown_sku" });
    expect(task.error_detail).toEqual({ stage: "enrich", sku });
    expect(task.error_message?.isWellFormed()).toBe(true);
    expect(task.error_message).not.toContain("\uFFFD");
  });

  it.each([
    "<img src=x onerror=alert(1)>",
    "line\nbreak\r\u2028",
    "\u0000\u0007\u001b[31m",
    "'); DROP TABLE tasks; --",
    "\u202Egnp.exe",
    "${jndi:ldap://x}",
  ])("whose quantity is the hostile text %j, on one line and unharmed", async (cantidad) => {
    const task = await amongGoodOnes(rawOrder({ productos: text([{ sku: "P1", cantidad }]) }));
    expect(task).toMatchObject({ status: "FAILURE", error_code: "invalid_quantity" });
    expect(task.error_detail).toEqual({ stage: "validate", field: "productos[0].cantidad" });
    // oxlint-disable-next-line no-control-regex
    expect(task.error_message).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe("an order that looks hostile and is good", () => {
  it.each([
    "../x",
    "..%2fx",
    "a/b/c",
    "a/",
    "%41",
    "100%",
    "?n=1#x",
    "a+b",
    "<script>alert(1)</script>",
    "'OR/**/1=1--",
    "__proto__",
    "constructor",
    "1e400",
    "-1",
    "0",
    "null",
    "\u202Dx".slice(1).concat("مرحبا"),
    "漢字😀",
    "x".repeat(64),
    "\\\\\"'`",
  ])("id %j", async (id) => {
    const [task] = await processAll([anOrder({ id })]);
    expect(task).toMatchObject({ status: "SUCCESS", pedido_id: id });
    const answer = await pedido(id);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id_pedido_original: id, task_id: task?.task_id });
  });

  it.each<[string, Record<string, string>]>([
    ["a member __proto__", { __proto: "0", ["__proto__"]: '{"productos":[],"cliente":""}' }],
    ["a member constructor", { constructor: '{"prototype":{"cliente":1}}' }],
    ["a member with a lone surrogate", { nota: String.raw`"\ud800"` }],
    ["a member named by a lone surrogate", { "\ud800": "1" }],
    ["a member with null characters", { nota: String.raw`"\u0000\u0000"` }],
    ["a member of 1e400", { nota: "1e400" }],
    ["30 levels of a member", { nota: "[".repeat(30) + "]".repeat(30) }],
    [
      "a line with __proto__",
      { productos: '[{"sku":"P001","cantidad":2,"__proto__":{"cantidad":9}}]' },
    ],
    ["nearly 64 KiB", { nota: text("x".repeat(65_000)) }],
  ])("%s", async (_name, members) => {
    const task = await amongGoodOnes(rawOrder(members));
    expect(task.status, text(task.error_message)).toBe("SUCCESS");
    const stored = await (await pedido(task.pedido_id)).json<Pedido>();
    expect(stored).toMatchObject({ cliente: "ACME Corp", total_final: "219.90" });
  });

  it.each([
    "شركة الأمل للتجارة",
    "\u202Eevil\u202C",
    "<b>ACME</b>",
    "'; DROP TABLE orders; --",
    "😀".repeat(127),
    "e\u0301".repeat(100),
    "a\u200Bb",
  ])("customer %j", async (cliente) => {
    const [task] = await processAll([anOrder({ cliente })]);
    expect(task?.status).toBe("SUCCESS");
    expect(await (await pedido(task?.pedido_id)).json()).toMatchObject({ cliente });
  });
});

describe("one id more than once in a request", () => {
  it("is one SUCCESS; the others are duplicates that name it", async () => {
    const id = 5_000_000_001;
    const ids = [id, String(id), id, String(id), id];
    const tasks = await processAll(ids.map((each) => anOrder({ id: each })));
    const [winner, ...others] = tasks.toSorted((a, b) => (a.status > b.status ? -1 : 1));
    expect(winner?.status).toBe("SUCCESS");
    for (const other of others) {
      expect(other).toMatchObject({ status: "FAILURE", error_code: "duplicate_order" });
      expect(other.error_message).toContain(winner?.task_id);
    }
    expect(await (await pedido(id)).json()).toMatchObject({ task_id: winner?.task_id });
  });

  it("ends however many copies there are, once the first has ended", async () => {
    const order = anOrder();
    const copies = Array.from({ length: 20 }, () => order);
    const ids = await storeOrders(testEnv(), copies);
    await deliver(ids, testEnv());
    await passWaits(ids);
    await deliver(ids, testEnv());
    const ends = await Promise.all(ids.map(async (id) => (await taskOf(id)).error_code));
    expect(ends).toEqual([null, ...copies.slice(1).map(() => "duplicate_order")]);
  });

  it("does not lose a good order to bad ones that came before it", async () => {
    const id = 5_000_000_002;
    const unknown = anOrder({ id, productos: [{ sku: "P999", cantidad: 1 }] });
    const tasks = await processAll([unknown, anOrder({ id, productos: [] }), anOrder({ id })]);
    expect(tasks.map((task) => task.error_code)).toEqual(["unknown_sku", "empty_order", null]);
    expect(await (await pedido(id)).json()).toMatchObject({ task_id: tasks[2]?.task_id });
  });

  it("stored by an earlier request is a duplicate of it", async () => {
    const order = anOrder();
    const [first] = await processAll([order]);
    const [second] = await processAll([{ ...order, cliente: "Another" }]);
    expect(second).toMatchObject({ status: "FAILURE", error_code: "duplicate_order" });
    expect(second?.error_detail).toMatchObject({ winner: first?.task_id });
    expect(await (await pedido(order["id"])).json()).toMatchObject({ cliente: "ACME Corp" });
  });
});

/** The embedded catalogue asks these prices for P1 to P20, in cents. */
const PRICES = [
  10995, 2230, 5599, 1599, 69500, 16800, 999, 1099, 6400, 10900, 10950, 11400, 59900, 99999, 5699,
  2995, 3999, 985, 795, 1299,
];
const decimal = (cents: number) => (cents / 100).toFixed(2);

it("any mixture of JSON values as orders ends, and the good ones among them are right", async () => {
  const utf16 = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
  // The text may have lone surrogates and control characters.
  const anyText = fc.string({ unit: utf16 });
  const hostileId = fc.oneof(
    fc.constantFrom(0, -1, 1.5, "", "../x", "\u0000", null, 2 ** 53),
    fc.uuid(),
    anyText,
    fc.jsonValue({ maxDepth: 1 }),
  );
  const nearlyOrder = fc.record(
    {
      id: hostileId,
      cliente: fc.oneof(anyText, fc.constant("A"), fc.jsonValue({ maxDepth: 1 })),
      productos: fc.oneof(
        fc.array(
          fc.record({
            sku: fc.oneof(anyText, fc.constantFrom("P1", "P999"), fc.jsonValue({ maxDepth: 1 })),
            cantidad: fc.oneof(fc.integer(), fc.jsonValue({ maxDepth: 1 })),
          }),
          { maxLength: 4 },
        ),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: [] },
  );
  const lines = fc.array(
    fc.record({
      product: fc.integer({ min: 1, max: 20 }),
      quantity: fc.integer({ min: 1, max: 10_000 }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  const part = fc.oneof(
    { weight: 2, arbitrary: fc.jsonValue().map((value) => ({ value })) },
    { weight: 2, arbitrary: nearlyOrder.map((value) => ({ value })) },
    { weight: 1, arbitrary: lines.map((good) => ({ good })) },
  );
  const mixture = fc.array<{ value: unknown } | { good: { product: number; quantity: number }[] }>(
    part,
    { minLength: 1, maxLength: 50 },
  );
  await fc.assert(
    fc.asyncProperty(mixture, async (parts) => {
      const orders = parts.map((each) =>
        "good" in each
          ? anOrder({
              productos: each.good.map(({ product, quantity }) => ({
                sku: `P${product}`,
                cantidad: quantity,
              })),
            })
          : each.value,
      );
      const tasks = await processAll(orders);
      for (const [index, each] of parts.entries()) {
        const task = tasks[index];
        if (!("good" in each)) {
          expect(["SUCCESS", "FAILURE"]).toContain(task?.status);
          expect(task?.error_code === null).toBe(task?.status === "SUCCESS");
          continue;
        }
        expect(task?.status, text(task?.error_message)).toBe("SUCCESS");
        const subtotal = each.good.reduce(
          (sum, { product, quantity }) => sum + quantity * (PRICES[product - 1] ?? Number.NaN),
          0,
        );
        const discount = subtotal > 50_000 ? Math.floor((subtotal + 5) / 10) : 0;
        expect(await (await pedido(task?.pedido_id)).json()).toMatchObject({
          subtotal: decimal(subtotal),
          descuento: decimal(discount),
          total_final: decimal(subtotal - discount),
          task_id: task?.task_id,
        });
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);
