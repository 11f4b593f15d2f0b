import { describe, expect, it } from "vitest";
import { z } from "zod";
import { exportTasks } from "../../../src/exports/tasks";
import { isRawNumber } from "../../../src/lib/exact-json";
import { expectBadParameter } from "../../support/api";
import { JSON_TYPE, NDJSON_TYPE, outcomesOf, post, send } from "../../support/api-orders";
import { submit, visit } from "../../support/console";
import { deliver, passWaits, taskOf, testEnv } from "../../support/engine";
import { textOf } from "../../support/exported";
import { anOrder } from "../../support/orders";
import { person } from "../../support/people";
import { siteOf, someKeys } from "../../support/task-site";
import { aDefinition } from "../../support/tasks";

/** Each of these numbers comes out of JavaScript with other characters. */
const NUMBERS =
  '"numbers":[3544790567247868102,12345678901234567,1e400,-0,10.00,1E2,0.1e1,0.30000000000000000001]';

const echo = aDefinition({
  name: "numbers.echo",
  startedBy: "operator",
  retry: () => ({ attempts: 3, baseMs: 1, maxMs: 1 }),
  /** Takes its input through a step, a checkpoint, a retry and a slice, to the result. */
  async run(task) {
    const { checkpoint } = task as { checkpoint: { kept: unknown; slice?: true } | null };
    const kept = await task.step("read", () => Promise.resolve(task.input));
    if (checkpoint === null) {
      await task.saveCheckpoint({ kept });
      return { kind: "retry", reason: { code: "again", message: "Again" } };
    }
    return checkpoint.slice
      ? { kind: "done", result: { input: task.input, kept, checkpoint: checkpoint.kept } }
      : { kind: "continue", checkpoint: { ...checkpoint, slice: true } };
  },
});
const strict = aDefinition({
  name: "numbers.strict",
  startedBy: "operator",
  input: z.strictObject({ n: z.number(), any: z.unknown() }),
  run: ({ input }) => {
    const { n, any } = input as { n: number; any: unknown };
    return Promise.resolve({
      kind: "done",
      result: { twice: n * 2, raw: isRawNumber(any) && any.rawJSON },
    });
  },
});
const site = siteOf([echo, strict, exportTasks]);
const keys = await someKeys();
const key = keys.operator;

async function textAt(path: string): Promise<string> {
  const response = await site.ask("GET", path, { key });
  expect(response.status).toBe(200);
  return response.text();
}
const taskText = (id: string) => textAt(`/api/tasks/executions/${id}/`);

async function started(path: string, body: string): Promise<string> {
  return (await site.post<{ task_id: string }>(path, { key, body }, 202)).task_id;
}
const run = (body: string) => started("/api/tasks/run/", body);

/** Makes the JSON text of a good order with further members. */
const orderText = (members: string) => `{${JSON.stringify(anOrder()).slice(1, -1)},${members}}`;

describe("an order's numbers keep every digit", () => {
  it.for([
    ["JSON", JSON_TYPE, (order: string) => order],
    ["an array", JSON_TYPE, (order: string) => `[${order}]`],
    ["NDJSON", NDJSON_TYPE, (order: string) => `${order}\n`],
  ] as const)("in %s", async ([, type, body]) => {
    const { lote } = await send(body(orderText(NUMBERS)), type);
    const [task] = await outcomesOf(lote, 1);
    expect(task?.status).toBe("SUCCESS");
    expect(await taskText(task?.id ?? "")).toContain(NUMBERS);
    expect((await taskOf(task?.id ?? "")).input).toContain(NUMBERS);
  });

  it.for([
    "12345678901234567",
    "-12345678901234567",
    "1e400",
    "9007199254740991.0000001",
    "0.10000000000000000001",
    "1.50",
    "-7",
  ])("when its id is %s: echoed, named in its failure, listed and found by it", async (id) => {
    const order = `{"id":${id},"cliente":"ACME","productos":[]}`;
    const response = await post(order);
    const accepted = await response.text();
    expect(accepted).toContain(`"pedido_id":${id}}`);

    const { lote } = JSON.parse(accepted) as { lote: string };
    const [task] = await outcomesOf(lote, 1);
    expect(task).toMatchObject({ error_code: "invalid_id", pedido_id: id });
    expect(task?.error_message).toContain(`not ${id}`);
    expect(await taskText(task?.id ?? "")).toContain(`"context_data":${order}`);
    for (const filter of ["pedido", "search"]) {
      const found = await textAt(`/api/tasks/executions/?${filter}=${id}`);
      expect(found).toContain(task?.id);
    }
  });

  it("also when the order is too large, too deep, or full of white space", async () => {
    const id = "12345678901234567";
    const large = `{"id":${id},"text":"${"x".repeat(70_000)}","n":1.0}`;
    const deep = `{"n":${"[".repeat(5000)}1.0${"]".repeat(5000)},"id":${id}}`;
    const wide = `{${" ".repeat(70_000)}"n":10.00,"id":${id}}`;
    const response = await post(`[${large},${deep},${wide}]`);
    const accepted = await response.text();
    expect(accepted.match(new RegExp(`"pedido_id":${id}}`, "g"))).toHaveLength(3);
    const tasks = await outcomesOf((JSON.parse(accepted) as { lote: string }).lote, 3);
    expect(tasks.map((task) => [task.error_code, task.pedido_id])).toEqual([
      ["order_too_large", id],
      ["order_too_deep", id],
      ["invalid_id", id],
    ]);
    expect((await taskOf(tasks[0]?.id ?? "")).input).toContain(`{\\"id\\":${id},`);
    expect((await taskOf(tasks[2]?.id ?? "")).input).toBe(`{"n":10.00,"id":${id}}`);
  });

  it("takes whole numbers in any way to write them, and echoes an id as it was sent", async () => {
    const id = Number(anOrder()["id"]);
    const order = JSON.stringify({ ...anOrder(), id })
      .replace(`${id}`, `${id}.0`)
      .replace('"cantidad":2', '"cantidad":0.2E1');
    const accepted = await (await post(order)).text();
    expect(accepted).toContain(`"pedido_id":${id}.0}`);
    const [task] = await outcomesOf((JSON.parse(accepted) as { lote: string }).lote, 1);
    expect(task).toMatchObject({ status: "SUCCESS", pedido_id: String(id) });
  });

  it.for(["1.00000000000000000001", "2.50", "1e5"])("refuses %s of something", async (quantity) => {
    const order = JSON.stringify(anOrder()).replace('"cantidad":2', `"cantidad":${quantity}`);
    const { lote } = await send(order);
    const [task] = await outcomesOf(lote, 1);
    expect(task?.error_code).toBe("invalid_quantity");
    expect(task?.error_message).toContain(`not ${quantity}`);
  });

  it.for(['"productos":[12345678901234567]', '"productos":12345678901234567'])(
    "takes no number for an object or a list: %s",
    async (members) => {
      const { lote } = await send(`[12345678901234567,{"id":1,"cliente":"A",${members}}]`);
      const [none, task] = await outcomesOf(lote, 2);
      expect(none?.error_code).toBe("invalid_order");
      expect(task?.error_code).toMatch(/^(invalid_line|empty_order)$/);
    },
  );

  it("takes no number for a body", async () => {
    expect((await post("12345678901234567")).status).toBe(400);
  });
});

describe("a task's numbers keep every digit", () => {
  it("from a run through steps, checkpoints, retries and slices to its result", async () => {
    const id = await run(`{"task_name":"numbers.echo","input":{${NUMBERS}},"delay_seconds":0.0}`);
    expect(await taskText(id)).toContain(`"context_data":{${NUMBERS}}`);
    for (let slice = 0; slice < 3; slice += 1) {
      await site.run(id);
      await passWaits([id]);
    }
    const text = await taskText(id);
    expect(text).toContain(`"status":"SUCCESS"`);
    // A handler gets what JavaScript can read without rounding as a number, and gives it back as
    // one.
    const read =
      '"numbers":[3544790567247868102,12345678901234567,1e400,0,10,100,1,0.30000000000000000001]';
    expect(text).toContain(
      `"result_data":{"input":{${read}},"kept":{${read}},"checkpoint":{${read}}}`,
    );
  });

  it("when a template gives the defaults", async () => {
    const saved = await site.ask("POST", "/api/tasks/templates/", {
      key,
      body: `{"name":"exact","task_name":"numbers.echo","default_parameters":{${NUMBERS},"more":1.0}}`,
    });
    expect(await saved.text()).toContain(NUMBERS);
    expect(await textAt("/api/tasks/templates/exact/")).toContain(NUMBERS);
    expect(await textAt("/api/tasks/templates/")).toContain(NUMBERS);
    const id = await run('{"template":"exact","input":{"more":2.0}}');
    expect(await taskText(id)).toContain(`"context_data":{${NUMBERS},"more":2.0}`);
    const response = await site.ask("POST", "/api/tasks/run/", {
      key,
      body: '{"template":"exact","input":12345678901234567}',
    });
    await expectBadParameter(response, "input");
  });

  it("when it is replayed", async () => {
    const id = await run('{"task_name":"pedidos.procesar","input":{"id":12345678901234567}}');
    await site.run(id);
    expect(await taskOf(id)).toMatchObject({
      subject: "12345678901234567",
      input: '{"id":12345678901234567}',
      error_message: expect.stringContaining("not 12345678901234567"),
    });
    const input = orderText(NUMBERS);
    const copy = await started(`/api/tasks/replay/${id}/`, `{"input":${input}}`);
    expect(await taskText(copy)).toContain(`"context_data":${input}`);
  });

  it("when it runs elsewhere: its context and its result, in every answer and in an export", async () => {
    const PATH = "/api/tasks/executions/";
    const asks = (method: string, path: string, body: string) =>
      site.ask(method, path, { key: keys.tracker, body });
    const name = `exact ${crypto.randomUUID()}`;
    const begun = await asks(
      "POST",
      PATH,
      `{"task_id":"${name}","task_name":"exact","task_module":"exact","context_data":{${NUMBERS}},"timeout_seconds":60.0}`,
    );
    expect(begun.status).toBe(201);
    expect(await taskText(encodeURIComponent(name))).toContain(`"context_data":{${NUMBERS}}`);

    const end = `{"status":"SUCCESS","result_data":{${NUMBERS}},"progress_percentage":1e2}`;
    const ended = await asks("PATCH", `${PATH}${encodeURIComponent(name)}/`, end);
    const result = `"result_data":{${NUMBERS}}`;
    expect(await ended.text()).toContain(result);
    expect(await taskText(encodeURIComponent(name))).toContain(result);
    expect(await textAt(`${PATH}?task_module=exact`)).toContain(result);

    const file = await site.post<{ task_id: string }>(
      "/api/exports/tasks/",
      { key, body: { formato: "ndjson", filter: { task_module: "exact" } } },
      202,
    );
    await deliver([file.task_id], testEnv(), site.engine);
    expect(await textOf(file.task_id)).toContain(result);
  });
});

describe("a task that wants a number", () => {
  it("refuses one that would be rounded, and shows it", async () => {
    for (const n of ["12345678901234567", "1e400", "0.12345678901234567890"]) {
      const response = await site.ask("POST", "/api/tasks/run/", {
        key,
        body: `{"task_name":"numbers.strict","input":{"n":${n}}}`,
      });
      const { detail, parameter } = await response.clone().json<Record<string, string>>();
      expect(response.status).toBe(400);
      expect(parameter).toBe("input.n");
      expect(detail).toContain(n);
    }
  });

  it("takes any other, and any number where it asks for none", async () => {
    const id = await run('{"task_name":"numbers.strict","input":{"n":2.50,"any":1e400}}');
    await site.run(id);
    expect(await taskOf(id)).toMatchObject({ status: "SUCCESS" });
    expect(await taskText(id)).toContain('"result_data":{"twice":5,"raw":"1e400"}');
  });
});

describe("the console shows, edits and sends every digit", async () => {
  const cookie = (await person("operator")).cookie;
  const ofTask = async (location: string | null) =>
    await taskOf(decodeURIComponent((location ?? "").split("/").at(-1) ?? "").split("?")[0] ?? "");

  it("of an input, a result and an edited copy", async () => {
    const { lote } = await send(`{"id":12345678901234567,${NUMBERS}}`);
    const [task] = await outcomesOf(lote, 1);
    const page = await (await visit(`/admin/tasks/${task?.id}`, { cookie })).text();
    const form = await (await visit(`/admin/tasks/${task?.id}/replays`, { cookie })).text();
    for (const number of ["12345678901234567", "3544790567247868102", "1e400", "10.00", "1E2"]) {
      expect(page).toContain(number);
      expect(form).toContain(number);
    }
    const input = orderText(NUMBERS);
    const sent = await submit(`/admin/tasks/${task?.id}/replays`, { input }, { cookie });
    expect((await ofTask(sent.headers.get("location"))).input).toBe(input);
  });

  it("of a run, of a template, and of a run of that template", async () => {
    const input = orderText(NUMBERS);
    const sent = await submit("/admin/run/tasks/pedidos.procesar", { input }, { cookie });
    expect((await ofTask(sent.headers.get("location"))).input).toBe(input);

    const template = { name: "exact order", task_name: "pedidos.procesar", is_active: "on" };
    const fields = { ...template, default_parameters: `{${NUMBERS}}` };
    const saved = await submit("/admin/run/templates", fields, { cookie });
    expect(saved.status).toBe(303);
    const form = await (await visit("/admin/run/templates/exact%20order", { cookie })).text();
    const runForm = await (
      await visit("/admin/run/templates/exact%20order/runs", { cookie })
    ).text();
    for (const number of ["3544790567247868102", "1e400", "10.00", "1E2"]) {
      expect(form).toContain(number);
      expect(runForm).toContain(number);
    }
    const over = await submit(
      "/admin/run/templates/exact%20order/runs",
      { input: JSON.stringify(anOrder()) },
      { cookie },
    );
    expect((await ofTask(over.headers.get("location"))).input).toContain(NUMBERS);

    const bad = await submit(
      "/admin/run/templates",
      { ...fields, name: "bad", default_parameters: "12345678901234567" },
      { cookie },
    );
    expect(bad.status).toBe(400);
  });
});
