/**
 * Markup is in everything that people and machines can store or send: pages show it and never run
 * it.
 */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { SCRIPT_URL } from "../../../src/admin/shared/assets";
import { batchLink } from "../../../src/orders/batch-link";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { adminSession, call } from "../../support/api";
import { type Parsed, parseHtml } from "../../support/html";
import { auth, person } from "../../support/people";
import { recount } from "../../support/recount";

const MARK = "pwned";
const encode = (text: string) => encodeURIComponent(text);
const ATTACKS = [
  `"><script>${MARK}</script>`,
  `'><img/src=x/onerror=${MARK}>`,
  `javascript:${MARK}`,
  `</title></textarea></noscript><svg/onload=${MARK}>`,
  `&quot;&gt;&lt;script&gt;${MARK}`,
  `--><base/href=//${MARK}.example>`,
];

let cookie = "";
let byKey = "";
let tasks: string[] = [];
let batch = "";

beforeAll(async () => {
  const admin = await person("admin", ATTACKS[0]);
  ({ cookie } = admin);
  const made = await call("/api/keys", {
    method: "POST",
    cookie: await adminSession(),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: ATTACKS[1], scopes: ["orders:read"] }),
  });
  byKey = `key:${(await made.json<{ id: string }>()).id}`;
  await storeEverywhere();
});

/**
 * Stores markup straight into the database, past every check, as someone would who got in by
 * another way.
 */
async function storeEverywhere(): Promise<void> {
  const lote = newBatchId(Date.now());
  batch = await batchLink(env, lote);
  const states = ["PENDING", "RETRY", "SUCCESS", "FAILURE", "REVOKED"];
  const rows = ATTACKS.flatMap((attack, index) =>
    states.map((status, state) => ({
      id: taskId(lote, index * states.length + state),
      status,
      attack,
      user: state % 2 === 0 ? byKey : attack,
      json: JSON.stringify({
        [attack]: attack,
        stage: attack,
        field: attack,
        sku: attack,
        by: attack,
      }),
      result: JSON.stringify({ [attack]: attack, total_final: "1.00", moneda: attack }),
      timeline: JSON.stringify([
        { at: 1, event: attack, by: attack, code: attack, worker: attack },
      ]),
    })),
  );
  tasks = rows.map(({ id }) => id);
  const far = Date.now() + 86_400_000;
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO tasks (id, name, module, queue, status, subject, user, input, max_attempts,
         ready_at, check_at, created_at, worker, result, error_code, error_message, error_detail, step, timeline)
       SELECT value ->> 'id', value ->> 'attack', value ->> 'attack', value ->> 'attack',
         value ->> 'status', value ->> 'attack', value ->> 'user', value ->> 'json', 3, ?2, ?2, 1,
         value ->> 'attack', value ->> 'result', value ->> 'attack', value ->> 'attack',
         value ->> 'json', value ->> 'attack', value ->> 'timeline' FROM json_each(?1)`,
    ).bind(JSON.stringify(rows), far),
    env.DB.prepare(
      `INSERT INTO orders (id, task_id, hash, customer, lines, currency, subtotal, discount, total,
         processed_at)
       SELECT value, value, value, value, json_array(json_object('sku', value, 'title', value,
         'quantity', 1, 'unitPrice', 1)), 'USD', 1, 0, 1, ?2 FROM json_each(?1)`,
    ).bind(JSON.stringify(ATTACKS), Date.now()),
  ]);
  await recount();
}

/**
 * Returns a page as the administrator's browser gets it, in either language; null for a redirect.
 */
async function page(path: string, language = "es"): Promise<string | null> {
  const headers = { accept: "text/html" };
  const response = await call(path, { cookie: `${cookie}; lang=${language}`, headers });
  const html = await response.text();
  expect(response.status, path).toBeLessThan(500);
  if (response.status >= 300 && response.status < 400) {
    return null;
  }
  expect(response.headers.get("content-type"), path).toMatch(/^text\/html/);
  return html;
}

/** Checks that a page shows what was stored, and does no more than that. */
async function assertShown(path: string, language?: string): Promise<void> {
  const html = (await page(path, language)) ?? "";
  expect(html, path).toContain(MARK);
  assertHarmless(await parseHtml(html), path);
}

const SAFE_ADDRESS = /^(\/(?!\/)|#|\?|data:image\/svg\+xml,)/;
const ADDRESSES = ["href", "src", "action", "formaction", "data", "xlink:href"];
const FOREIGN = ["img", "iframe", "object", "embed", "base", "style"];

function assertHarmless({ elements, attributes }: Parsed, path: string): void {
  expect(elements.get("script"), path).toBe(1);
  expect(
    FOREIGN.filter((name) => elements.has(name)),
    path,
  ).toEqual([]);
  const scripts = attributes.filter(({ element }) => element === "script");
  expect(scripts.find(({ name }) => name === "src")?.value, path).toBe(SCRIPT_URL);
  for (const { element, name, value } of attributes) {
    const seen = `${path}: <${element} ${name}="${value}">`;
    expect(name, seen).not.toMatch(/^(on|style$|srcdoc$)/);
    if (ADDRESSES.includes(name)) {
      expect(value, seen).toMatch(SAFE_ADDRESS);
    }
  }
}

describe("markup stored in tasks and orders", () => {
  it("is shown by the page of each task, and runs in none", async () => {
    for (const id of tasks) {
      await assertShown(`/admin/tasks/${id}`);
      for (const action of ["retries", "cancellations"]) {
        const html = (await page(`/admin/tasks/${id}/${action}`)) ?? "";
        assertHarmless(await parseHtml(html), action);
      }
    }
  });

  it.each(ATTACKS)("is shown by the order's pages, and runs in none: %s", async (attack) => {
    await assertShown(`/admin/orders/${encode(attack)}`, "en");
    await assertShown(`/admin/orders/${encode(attack)}/deletion`, "en");
  });

  it.each(["/admin/tasks", "/admin/orders", "/admin/tasks?status=FAILURE"])(
    "is shown by the list %s, and does not run",
    async (path) => {
      await assertShown(path);
    },
  );

  it("is shown by the batch's page, and does not run", async () => {
    await assertShown(batch);
  });

  it("is no page when an input is asked for whole", async () => {
    const response = await call(`/admin/tasks/${tasks[0]}/input`, { cookie });
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("markup in an address", () => {
  const PATHS = ["/", "/sign-in", "/admin/tasks", "/admin/orders", "/api/docs", "/nothing"];
  const NAMES = ["q", "status", "name", "worker", "lote", "from", "customer", "cursor", "deleted"];

  it.each(ATTACKS)("runs in no page: %s", async (attack) => {
    const given = [...NAMES, "done", "next", "lang", "out", "n", encode(attack)].map(
      (name) => `?${name}=${encode(attack)}`,
    );
    const addresses = PATHS.flatMap((path) => given.map((search) => path + search));
    const places = ["/", "/admin/tasks/", "/pedidos/lotes/"].map((path) => path + encode(attack));
    for (const path of [...addresses, ...places]) {
      const html = await page(path);
      if (html !== null) {
        assertHarmless(await parseHtml(html), path);
      }
    }
  });
});

describe("a name with markup", () => {
  it("runs on no page of the person who has it", async () => {
    const email = `"<b>${MARK}</b>"@example.com`;
    const made = await auth(
      "/admin/create-user",
      { email, password: "a-person-of-the-tests", name: "x", role: "viewer" },
      { cookie: await adminSession() },
    );
    expect(made.status, "such an address is refused").toBe(400);
    await env.DB.prepare("UPDATE users SET email = ?1 WHERE name = ?2")
      .bind(`${ATTACKS[0]}@example.com`, ATTACKS[0] ?? "")
      .run();
    const token = cookie.split("; ").find((each) => each.includes("session_token")) ?? "";
    const response = await call("/admin/tasks", {
      cookie: token,
      headers: { accept: "text/html" },
    });
    const html = await response.text();
    expect(html).toContain(MARK);
    assertHarmless(await parseHtml(html), "/admin/tasks");
  });
});

it("a redirect never leaves the site", async () => {
  const targets = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "javascript:alert(1)",
    "/..//evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "https:evil.example",
    "@evil.example",
    ".evil.example",
  ];
  const form = { "content-type": "application/x-www-form-urlencoded" };
  for (const target of targets) {
    const answers = [
      await call(`/sign-in?next=${encode(target)}`, { cookie }),
      await call("/preferences", { method: "POST", headers: form, body: `back=${encode(target)}` }),
      await call("/sign-in", {
        method: "POST",
        headers: form,
        body: new URLSearchParams({
          email: env.ADMIN_EMAIL,
          password: env.ADMIN_PASSWORD,
          next: target,
        }),
      }),
      await call(`/admin/${target}`),
      await call(`/${target}`),
    ];
    for (const [index, answer] of answers.entries()) {
      const location = answer.headers.get("location");
      expect(index < 3 ? answer.status : 303, target).toBe(303);
      if (location !== null) {
        expect(location, target).toMatch(/^\/(?![/\\\t])/);
        expect(new URL(location, "https://pedidos.example").host, target).toBe("pedidos.example");
      }
    }
  }
});
