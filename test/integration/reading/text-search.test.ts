/** Text is found as it is shown: in any case, accents and form of Unicode, by words, trimmed. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { exportOrders } from "../../../src/exports/orders";
import { exportTasks } from "../../../src/exports/tasks";
import { foldCustomers, hasUnfolded } from "../../../src/orders/pipeline/fold-customers";
import { Engine } from "../../../src/tasks/model/engine";
import { bulk } from "../../../src/tasks/commands/bulk";
import { adminSession, call, type List, list, masterKey, pagesFrom } from "../../support/api";
import type { Execution, Pedido } from "../../support/api-orders";
import { seedOrders } from "../../support/api-rows";
import { visit } from "../../support/console";
import { countingDatabase } from "../../support/counting";
import { deliver, storeTasks, taskOf } from "../../support/engine";
import { textOf } from "../../support/exported";
import { auth, person } from "../../support/people";
import { siteOf } from "../../support/task-site";

/** Each text is shown, and somebody who looks for it may type any of the others. */
const SHOWN: [shown: string, typed: string[]][] = [
  ["CONEXIÓN RECHAZADA", ["CONEXIÓN", "conexión rechazada", "Rechazada conexion", " conexion "]],
  ["Straße gesperrt", ["STRASSE", "gesperrt straße"]],
  ["ΟΔΥΣΣΕΎΣ χάθηκε", ["Οδυσσεύς", "ΧΑΘΗΚΕ"]],
  ["Заказ отменён", ["ОТМЕНЕН заказ"]],
  ["İstanbul deposu", ["ISTANBUL", "istanbul"]],
  ["Đặng Thị Mỹ", ["dang my", "ĐẶNG"]],
  ["رَفَضَ الخادم", ["رفض", "الخادم"]],
  ["שָׁלוֹם עולם", ["שלום"]],
  ["株式会社山田商店", ["山田"]],
  ["한국 주식회사", ["주식회사"]],
  ["100% de [descuento]_*", ["100%", "%", "[descuento]", "_*"]],
];
const NOWHERE = [
  "conexi_n",
  "conex%",
  "*conexion",
  "[c]onexion",
  "rechazada de otro",
  "ñ".repeat(150),
];
const cases = SHOWN.flatMap(([shown, typed]) =>
  typed.flatMap((text) =>
    [text, text.normalize("NFD")].map((asked): [string, string] => [shown, asked]),
  ),
);

const engine = new Engine([bulk, exportOrders, exportTasks]);
const site = siteOf();
const failures = new Map<string, string>();

const q = encodeURIComponent;
const html = async (path: string) => {
  const response = await visit(path, { cookie: await adminSession() });
  expect(response.status, path).toBe(200);
  return response.text();
};

/** Runs a task, and returns its id and its result. */
async function run(definition: Parameters<typeof storeTasks>[1], input: unknown) {
  // The task shares its millisecond with no other.
  await new Promise((resolve) => setTimeout(resolve, 2));
  const [id = ""] = await storeTasks(env, definition, [input]);
  await deliver([id], env, engine);
  const task = await taskOf(id);
  expect(task.status, task.error_message ?? "").toBe("SUCCESS");
  return { id, result: JSON.parse(task.result ?? "null") as Record<string, unknown> };
}

beforeAll(async () => {
  const key = await masterKey();
  for (const [index, [message]] of SHOWN.entries()) {
    const body = { task_id: `job ${index}`, task_name: "Nómina.Día", task_module: "Nómina" };
    const { id } = await site.post<Execution>("/api/tasks/executions/", { key, body }, 201);
    const report = { status: "FAILURE", error_message: message };
    await site.patch(`/api/tasks/executions/${id}/`, { key, body: report });
    failures.set(message, id);
  }
  const now = Date.now();
  await seedOrders(
    SHOWN.map(([customer], index) => ({ id: `o-${index}`, customer, processedAt: now + index })),
  );
});

const idOf = (shown: string) => failures.get(shown) ?? expect.fail(shown);
const orderOf = (shown: string) => `o-${SHOWN.findIndex(([known]) => known === shown)}`;

describe("a failure is found by the words of its error", () => {
  const found = async (search: string) =>
    (await list<Execution>(`/api/tasks/executions/?search=${q(search)}`)).results;

  it.each(cases)("%s by %s", async (shown, typed) => {
    const results = await found(typed);
    expect(results.map(({ id }) => id)).toEqual([idOf(shown)]);
    expect(results[0]?.error_message).toBe(shown);
  });

  it.each(NOWHERE)("not by %s", async (typed) => {
    expect(await found(typed)).toEqual([]);
  });

  it("in the console, and in its form what was typed", async () => {
    const text = await html(`/admin/tasks?q=${q("  conexion RECHAZADA ")}`);
    expect(text).toContain(idOf("CONEXIÓN RECHAZADA"));
    expect(text).not.toContain(idOf("Straße gesperrt"));
    expect(text).toContain('value="conexion RECHAZADA"');
  });

  it("by its task's name and module in any case and accents", async () => {
    const count = async (query: string) =>
      (await list<Execution>(`/api/tasks/executions/?${query}`)).count;
    expect(await count(`task_module=${q("NOMINA")}`)).toBe(SHOWN.length);
    expect(await count(`task_name=${q("nómina.dia".normalize("NFD"))}`)).toBe(SHOWN.length);
    expect(await count("task_name=nomina")).toBe(0);
    expect(await html("/admin/tasks?module=nomina&name=NOMINA.DIA")).toContain("CONEXI");
    expect(await html("/admin/failures?module=nomina")).toContain("CONEXIÓN RECHAZADA");
  });

  it("by an action on all that match, and in a file of them", async () => {
    const search = "RECHAZADA conexion".normalize("NFD");
    const { id } = await run(exportTasks, { formato: "ndjson", filter: { search } });
    const lines = (await textOf(id)).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as Execution).id)).toEqual([
      idOf("CONEXIÓN RECHAZADA"),
    ]);
    const input = { action: "discard", filter: { search }, reason: "known" };
    expect((await run(bulk, input)).result).toEqual({ matched: 1, done: 1 });
    expect((await taskOf(idOf("CONEXIÓN RECHAZADA"))).discard_reason).toBe("known");
    expect((await taskOf(idOf("Straße gesperrt"))).discard_reason).toBeNull();
  });

  it("by ids with spaces around, and a task's in capitals", async () => {
    const id = idOf("Straße gesperrt");
    for (const typed of [` ${id} `, id.toUpperCase(), ` ${id.slice(0, -4)}`, " job 1 "]) {
      expect((await found(typed)).map((task) => task.id)).toContain(id);
    }
  });
});

describe("an order is found by its customer", () => {
  const found = async (query: string) =>
    (await list<Pedido>(`/api/pedidos?${query}`)).results.map((order) => order.id_pedido_original);

  it.each(cases)("%s by %s", async (shown, typed) => {
    expect(await found(`search=${q(typed)}`)).toEqual([orderOf(shown)]);
  });

  it.each(NOWHERE)("not by %s", async (typed) => {
    expect(await found(`search=${q(typed)}`)).toEqual([]);
  });

  it("by the whole name in any case, accents and form, and by no part of it", async () => {
    for (const [shown] of SHOWN) {
      for (const typed of [shown.toUpperCase(), shown.normalize("NFD"), ` ${shown}  `]) {
        expect(await found(`cliente=${q(typed)}`)).toEqual([orderOf(shown)]);
      }
    }
    expect(await found(`cliente=${q("CONEXIÓN")}`)).toEqual([]);
    expect(await found(`cliente=${q("ñ".repeat(255).normalize("NFD"))}`)).toEqual([]);
  });

  it("in the console, and in a file", async () => {
    for (const query of ["q=rechazada+CONEXION", "customer=conexion+rechazada"]) {
      const text = await html(`/admin/orders?${query}`);
      expect(text).toContain("/admin/orders/o-0");
      expect(text).not.toContain("/admin/orders/o-1");
      expect(text).toContain("CONEXIÓN RECHAZADA");
    }
    const cliente = " conexión RECHAZADA".normalize("NFD");
    const { id } = await run(exportOrders, { formato: "ndjson", cliente });
    const lines = (await textOf(id)).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as Pedido).id_pedido_original)).toEqual(["o-0"]);
  });

  it("by a word within the name behind those that begin with it, each order once", async () => {
    const at = Date.now() - 1_000_000;
    const named = (customer: string, count: number, from: number) =>
      Array.from({ length: count }, (_, n) => {
        return {
          id: `${customer} ${from + n}`.replaceAll(" ", "-"),
          customer,
          processedAt: from + n,
        };
      });
    await seedOrders([
      ...named("Gärtner AG", 3, at - 5000),
      ...named("Otto Gartner", 2, at - 9000),
      ...named("Nobody else", 2100, at - 4000),
      ...named("Anna GÄRTNER", 4, at),
    ]);
    const first = `/api/pedidos?search=${q("gartner")}&limit=4`;
    const pages = await pagesFrom<Pedido>(first, "next");
    const names = pages.flatMap(({ results }) => results.map(({ cliente }) => cliente));
    expect(names.slice(0, 7)).toEqual([
      ...Array.from({ length: 4 }, () => "Anna GÄRTNER"),
      ...Array.from({ length: 3 }, () => "Gärtner AG"),
    ]);
    expect(names.slice(7)).toEqual(["Otto Gartner", "Otto Gartner"]);
    expect(pages[0]?.count_capped).toBe(true);
    const second = pages[1]?.previous ?? expect.fail("no way back");
    expect((await list<Pedido>(second)).results).toEqual(pages[0]?.results);
    for (const query of ["q=gartner", "q=of+nobody+at+all"]) {
      const text = await html(`/admin/orders?${query}`);
      expect(text).toContain("1,000 orders were looked at");
      expect(text).toContain('rel="next"');
    }
    const { DB, counts } = countingDatabase();
    const key = await masterKey();
    expect((await call(first, { key, env: { DB } })).status).toBe(200);
    expect(counts.rowsRead).toBeLessThanOrEqual(1200);
  });
});

describe("orders stored before their customers were folded", () => {
  const OLD = Array.from({ length: 1500 }, (_, index) => ({
    id: `old-${index}`,
    customer: index % 500 === 0 ? "Íñigo Peña".normalize("NFD") : "Otros Señores",
    processedAt: 1000 + index,
  }));
  const found = async (query: string) =>
    (await pagesFrom<Pedido>(`/api/pedidos?limit=200&${query}`, "next")).flatMap(({ results }) =>
      results.map((order) => order.id_pedido_original),
    );
  const exported = async () => {
    const { id } = await run(exportOrders, { formato: "ndjson", cliente: "INIGO PENA" });
    return (await textOf(id))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Pedido);
  };
  const all = ["old-1000", "old-500", "old-0"];

  it("are found all the same, and by an index once they are", async () => {
    await seedOrders(OLD, { old: true });
    expect(await hasUnfolded(env.DB)).toBe(true);
    for (let looks = 0; looks < 2; looks += 1) {
      expect(await found(`cliente=${q("ÍÑIGO PEÑA")}`)).toEqual(all);
      expect(await found("search=pena+inigo")).toEqual(all);
      expect(await found(`search=${q("iñigo")}`)).toEqual(all);
      expect((await exported()).map((order) => order.id_pedido_original)).toEqual(all.toReversed());
      while (await foldCustomers(env.DB)) {
        // A call folds a thousand at a time.
      }
    }
    expect(await hasUnfolded(env.DB)).toBe(false);
    const { DB, counts } = countingDatabase();
    await foldCustomers(DB);
    expect(counts).toMatchObject({ rowsRead: 0, rowsWritten: 0 });
  });
});

describe("people and keys are found", () => {
  it("people by words of their name and address", async () => {
    const { email } = await person("viewer", "José Ñúñez Ağaoğlu");
    await person("viewer", "Somebody Else");
    for (const typed of [
      "JOSE",
      "nunez josé",
      "AGAOGLU",
      " Núñez ".normalize("NFD"),
      `jose ${email.slice(0, 8).toUpperCase()}`,
    ]) {
      const text = await html(`/admin/people?q=${q(typed)}`);
      expect(text, typed).toContain(email);
      expect(text, typed).not.toContain("Somebody Else");
    }
    expect(await html("/admin/people?q=jos%25")).not.toContain(email);
    const signedIn = await auth("/sign-in/email", {
      email: email.toUpperCase(),
      password: "a-person-of-the-tests",
    });
    expect(signedIn.status).toBe(200);
  });

  it("keys by words of their name, and what was done to and by them", async () => {
    const cookie = await adminSession();
    const make = (name: string) =>
      call("/api/keys/", {
        method: "POST",
        cookie,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name, scopes: ["tasks:write"] }),
      });
    const { id } = await (await make("Almacén ŁÓDŹ")).json<{ id: string }>();
    await make("Another");
    for (const typed of ["lodz", "ALMACEN", "łódź almacén".normalize("NFD"), ` ${id}`]) {
      const text = await html(`/admin/keys?q=${q(typed)}`);
      expect(text, typed).toContain("Almacén ŁÓDŹ");
      expect(text, typed).not.toContain("Another");
    }
    const audited = async (query: string) => {
      const answer = await call(`/api/audit/?${query}`, { cookie });
      return (await answer.json<List<{ target: string }>>()).results.map(({ target }) => target);
    };
    expect(await audited(`target=${q(` ${id} `)}`)).toEqual([id]);
    expect(await html(`/admin/audit?q=${q("almacen lodz")}`)).toContain("Almacén ŁÓDŹ");
  });
});
