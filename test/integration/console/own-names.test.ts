/**
 * All links and forms of this site are tried: none sends a name that the route it asks does not
 * know.
 */
import { beforeAll, expect, it } from "vitest";
import { taskId } from "../../../src/lib/ids";
import { adminSession, call, ORIGIN, type Problem } from "../../support/api";
import { seedOrders, seedTasks } from "../../support/api-rows";
import { person } from "../../support/people";

const LOTE = "019aa000-0000-7000-8000-00000001";
const MAX_PAGES = 300;
/** These routes check no names, or a test had better not call them. */
const LEFT = /^\/(assets|pedidos|cdn-cgi|exports|api)(\/|$)/;

interface Form {
  method: string;
  action: string;
  names: Set<string>;
}

beforeAll(async () => {
  await seedTasks(LOTE, ["PENDING", "SUCCESS", "FAILURE", "REVOKED"]);
  await seedTasks(`${LOTE.slice(0, -1)}2`, Array(60).fill("FAILURE"));
  await seedOrders(
    Array.from({ length: 60 }, (_, at) => ({ id: `${4700 + at}`, processedAt: Date.now() })),
  );
  await person("viewer");
  await call("/api/tasks/templates", {
    method: "POST",
    cookie: await adminSession(),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "linked", task_name: "pedidos.procesar" }),
  });
});

/**
 * Returns the addresses that a page links to, and what its forms send where, buttons with other
 * actions included.
 */
async function read(response: Response, here: string): Promise<{ links: string[]; forms: Form[] }> {
  const links: string[] = [];
  const forms: Form[] = [];
  await new HTMLRewriter()
    .on("a[href]", {
      element: (element) => void links.push(element.getAttribute("href") ?? ""),
    })
    .on("form", {
      element(element) {
        const method = (element.getAttribute("method") ?? "get").toUpperCase();
        forms.push({ method, action: element.getAttribute("action") ?? here, names: new Set() });
      },
    })
    .on("form [name]", {
      element(element) {
        forms.at(-1)?.names.add(element.getAttribute("name") ?? "");
      },
    })
    .on("form [formaction]", {
      element(element) {
        const form = forms.at(-1);
        if (form) {
          forms.push({ ...form, action: element.getAttribute("formaction") ?? "" });
        }
      },
    })
    .transform(response)
    .arrayBuffer();
  // The rewriter gives attributes as they are written.
  return {
    links: links.map((link) => link.replaceAll("&amp;", "&")),
    forms: forms.filter(({ method }) => method !== "DIALOG"),
  };
}

/**
 * Sends a form with a name behind its own that nobody knows, and returns the name that the receiver
 * does not know.
 */
async function unknownOf({ method, action, names }: Form, cookie: string): Promise<unknown> {
  const fields = new URLSearchParams([...[...names].map((name) => [name, ""]), ["xyzzy", ""]]);
  const response =
    method === "GET"
      ? await call(`${action}?${fields.toString()}`, { cookie })
      : await call(action, { method, cookie, body: fields, headers: { origin: ORIGIN } });
  const text = await response.text();
  expect(response.status, `${method} ${action}: ${text.slice(0, 300)}`).toBe(400);
  return (JSON.parse(text) as Problem)["parameter"];
}

it("names nothing unknown in any link or form of the console", async () => {
  const cookie = await adminSession();
  const toVisit = ["/", "/sign-in?out=1", "/api/docs", "/admin", `/admin/tasks?lote=${LOTE}`];
  // Forms lead to some of these pages once they have done their work, and only a filter shows
  // others.
  toVisit.push("/admin/people?removed=x", "/admin/orders?deleted=4711", "/admin/keys?done=revoked");
  toVisit.push("/admin/queues?paused=orders", "/admin/queues?resumed=orders");
  toVisit.push("/admin/run?saved=linked", "/admin/account?done=password");
  toVisit.push(`/admin/tasks/${taskId(LOTE, 2)}?done=retry`);
  toVisit.push("/admin/failures?from=2026-01-01&to=2026-12-31&zone=America%2FBogota");
  toVisit.push("/admin/orders?from=2026-01-01&to=2026-12-31&zone=America%2FBogota&lang=en");
  const seen = new Set<string>();
  const wrong: string[] = [];
  const tried = new Set<string>();
  for (let address = toVisit.shift(); address !== undefined; address = toVisit.shift()) {
    const url = new URL(address, ORIGIN);
    const kind = `${shape(url.pathname)}?${[...url.searchParams.keys()].toSorted().join("&")}`;
    if (url.origin !== ORIGIN || LEFT.test(url.pathname) || seen.has(kind)) {
      continue;
    }
    seen.add(kind);
    const response = await call(url.pathname + url.search, { cookie });
    if (response.status === 400) {
      wrong.push(`${kind}: ${await response.text()}`);
      continue;
    }
    const { links, forms } = await read(response, url.pathname);
    toVisit.push(...links.filter((link) => !link.startsWith("#")));
    for (const form of forms) {
      const name = `${form.method} ${shape(form.action)} ${[...form.names].toSorted().join("&")}`;
      if (!tried.has(name) && !LEFT.test(form.action)) {
        tried.add(name);
        const parameter = await unknownOf(form, cookie);
        if (parameter !== "xyzzy") {
          wrong.push(`${name}: ${String(parameter)}`);
        }
      }
    }
    expect(seen.size).toBeLessThan(MAX_PAGES);
  }
  expect(wrong).toEqual([]);
  // The walk did get about.
  expect(seen.size).toBeGreaterThan(60);
  expect(tried.size).toBeGreaterThan(25);
}, 120_000);

/** Returns a path in which one of many tasks, orders or people stands for all. */
function shape(path: string): string {
  return path
    .replaceAll(/\/[0-9a-f]{8}-[0-9a-f-]+/g, "/:id")
    .replaceAll(/\/(orders|people|keys)\/(?!new\b|exports\b)[^/]+/g, "/$1/:id");
}
