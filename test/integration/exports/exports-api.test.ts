import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Role } from "../../../src/caller";
import { fileKey } from "../../../src/exports/file";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { seedTasks } from "../../support/api-rows";
import {
  adminSession,
  apiKey,
  call,
  expectBadParameter,
  expectProblem,
  ORIGIN,
} from "../../support/api";
import { masterKey } from "../../support/api";
import { JSON_TYPE } from "../../support/api-orders";
import { storeBulkyOrders } from "../../support/bulky-orders";
import { taskOf } from "../../support/engine";

const HOUR = 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

function post(path: string, body: unknown, init: { key?: string; cookie?: string }) {
  const headers = { "content-type": JSON_TYPE };
  return call(path, { method: "POST", headers, body: JSON.stringify(body), ...init });
}

async function start(key: string, input: unknown): Promise<string> {
  const response = await post("/api/exports/", input, { key });
  expect(response.status).toBe(202);
  return (await response.json<{ task_id: string }>()).task_id;
}

async function finished(key: string, input: unknown): Promise<string> {
  const id = await start(key, input);
  await expect
    .poll(async () => (await taskOf(id)).status, { timeout: 20_000, interval: 50 })
    .toBe("SUCCESS");
  return id;
}

async function linkOf(id: string, key: string): Promise<string> {
  const response = await call(`/api/exports/${id}/link/`, { method: "POST", key });
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const { url, expires_at } = await response.json<{ url: string; expires_at: string }>();
  expect(Math.abs(Date.parse(expires_at) - Date.now() - HOUR)).toBeLessThan(10_000);
  return url;
}

describe("an export over the API", () => {
  it("is started, and its file downloaded by whoever has the link", async () => {
    await storeBulkyOrders({ count: 3, customer: "Linked", processedAt: 1000 });
    const key = await apiKey(["orders:read"]);
    const id = await finished(key, { formato: "csv", cliente: "Linked" });
    const url = await linkOf(id, key);
    expect(url.startsWith(`${ORIGIN}/exports/${id}?`)).toBe(true);
    const response = await call(url);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": expect.stringMatching(
        /^attachment; filename="pedidos-[\w-]+\.csv"$/,
      ) as string,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    const text = await response.text();
    expect(text.split("\r\n")).toHaveLength(5);
    const head = await call(url, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.get("content-length")).toBe(
      String(new TextEncoder().encode(text).length + (text.startsWith("\u{FEFF}") ? 0 : 3)),
    );
    expect(await head.text()).toBe("");
    const lost = () => Promise.reject(new Error("Network connection lost."));
    for (const method of ["GET", "HEAD"]) {
      const failed = await call(url, { method, env: { FILES: { get: lost, head: lost } } });
      expect([failed.status, failed.headers.get("retry-after")]).toEqual([503, "5"]);
    }
  });

  it("is one of the tasks that may be run, from the least role on", async () => {
    const response = await post(
      "/api/tasks/run/",
      { task_name: "exports.orders", input: { formato: "ndjson", cliente: "Nobody" } },
      { key: await apiKey(["tasks:write"]) },
    );
    expect(response.status).toBe(202);
  });

  it.each<[string, unknown]>([
    ["formato", {}],
    ["formato", { formato: "xlsx" }],
    ["cliente", { formato: "csv", cliente: "" }],
    ["desde", { formato: "csv", desde: "yesterday" }],
    ["hasta", { formato: "csv", hasta: "2026-02-30" }],
  ])("is refused for a wrong %s: %j", async (parameter, input) => {
    const key = await apiKey(["orders:read"]);
    await expectBadParameter(await post("/api/exports/", input, { key }), parameter);
  });

  it("needs orders:read, for its start and for its link", async () => {
    const key = await apiKey([
      "orders:write",
      "tasks:read",
      "tasks:write",
      "tasks:track",
      "metrics:read",
    ]);
    const input = { formato: "csv" };
    const refused = await expectProblem(
      await post("/api/exports/", input, { key }),
      403,
      "forbidden",
    );
    expect(refused["scope"]).toBe("orders:read");
    const id = await finished(await apiKey(["orders:read"]), { ...input, cliente: "Nobody" });
    const link = await expectProblem(
      await post(`/api/exports/${id}/link`, {}, { key }),
      403,
      "forbidden",
    );
    expect(link["scope"]).toBe("orders:read");
  });
});

describe("the link to an export", () => {
  it("is for who started it, and for whoever reads tasks", async () => {
    const id = await finished(await apiKey(["orders:read"]), { formato: "csv", cliente: "Nobody" });
    const other = await apiKey(["orders:read"]);
    const refused = await post(`/api/exports/${id}/link`, {}, { key: other });
    expect((await expectProblem(refused, 403, "forbidden"))["scope"]).toBe("tasks:read");
    await linkOf(id, await apiKey(["orders:read", "tasks:read"]));
  });

  it("says nothing of what is no export, or of one that has not succeeded", async () => {
    const key = await masterKey();
    const lote = newBatchId(Date.now());
    await seedTasks(lote, ["SUCCESS"]);
    for (const id of [taskId(lote, 0), taskId(newBatchId(1), 0), "x"]) {
      await expectProblem(
        await post(`/api/exports/${id}/link`, {}, { key }),
        404,
        "task_not_found",
      );
    }
    const failed = await finished(key, { formato: "csv", cliente: "Nobody" });
    await env.DB.prepare("UPDATE tasks SET status = 'REVOKED' WHERE id = ?").bind(failed).run();
    const refused = await post(`/api/exports/${failed}/link`, {}, { key });
    expect((await expectProblem(refused, 409, "wrong_state"))["state"]).toBe("REVOKED");
    await env.DB.prepare("UPDATE tasks SET status = 'SUCCESS' WHERE id = ?").bind(failed).run();
  });

  it("is no good once anything of it is changed", async () => {
    const key = await masterKey();
    const id = await finished(key, { formato: "csv", cliente: "Nobody" });
    const other = await finished(key, { formato: "csv", cliente: "Nobody" });
    const url = await linkOf(id, key);
    const k = new URL(url).searchParams.get("k") ?? "";
    const flipped = (k.startsWith("A") ? "B" : "A") + k.slice(1);
    const later = url.replace(/expires=(\d+)/, (_, s) => `expires=${Number(s) + 1}`);
    for (const bad of [
      url.replace(id, other),
      url.replace(k, flipped),
      url.replace(k, ""),
      url.replace(k, k.slice(1)),
      later,
      `${ORIGIN}/exports/${id}`,
      `${ORIGIN}/exports/${id}?expires=9999999999`,
    ]) {
      await expectProblem(await call(bad), 403, "invalid_file_link");
      expect((await call(bad, { method: "HEAD" })).status).toBe(403);
    }
    expect((await call(url)).status).toBe(200);
  });

  it("expires after an hour", async () => {
    const key = await masterKey();
    const id = await finished(key, { formato: "csv", cliente: "Nobody" });
    const url = await linkOf(id, key);
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: now + HOUR - 5000 });
    expect((await call(url)).status).toBe(200);
    vi.setSystemTime(now + HOUR + 1000);
    await expectProblem(await call(url), 410, "link_expired");
  });

  it("to a deleted file is 404, and no new one is given", async () => {
    const key = await masterKey();
    const id = await finished(key, { formato: "csv", cliente: "Nobody" });
    const url = await linkOf(id, key);
    await env.FILES.delete(fileKey(id));
    await expectProblem(await call(url), 404, "file_not_found");
    await expectProblem(await post(`/api/exports/${id}/link`, {}, { key }), 404, "file_not_found");
  });
});

describe("the pages", () => {
  const submit = async (fields: Record<string, string>, cookie: string) =>
    call("/admin/orders/exports", {
      method: "POST",
      cookie,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin: ORIGIN,
        "sec-fetch-site": "same-origin",
      },
      body: new URLSearchParams(fields).toString(),
    });

  async function person(role: Role): Promise<string> {
    const credentials = { email: `${role}@example.com`, password: "a-person-of-the-tests" };
    const data = { ...credentials, name: role, role };
    const admin = await adminSession();
    expect((await post("/api/auth/admin/create-user", data, { cookie: admin })).status).toBe(200);
    const signedIn = await post("/api/auth/sign-in/email", credentials, {});
    return signedIn.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";")[0])
      .join("; ");
  }

  it("start an export of the filter shown, follow it, and link to its file", async () => {
    await storeBulkyOrders({ count: 2, customer: "Paged", processedAt: Date.parse("2026-03-01") });
    await storeBulkyOrders({ count: 2, customer: "Paged", processedAt: Date.parse("2026-03-02") });
    const cookie = await person("viewer");
    const list = await (
      await call("/admin/orders?customer=Paged&to=2026-03-01", { cookie })
    ).text();
    expect(list).toContain('action="/admin/orders/exports"');
    expect(list).toContain('type="hidden" name="customer" value="Paged"');
    expect(list).toContain('type="hidden" name="to" value="2026-03-01"');
    const searched = await (await call("/admin/orders?q=Paged", { cookie })).text();
    expect(searched).not.toContain("/admin/orders/exports");

    const fields = { customer: "Paged", from: "", to: "2026-03-01", format: "ndjson" };
    const started = await submit(fields, cookie);
    expect(started.status).toBe(303);
    const path = started.headers.get("location") ?? "";
    const id = path.split("/").at(-1) ?? "";
    await expect
      .poll(async () => (await taskOf(id)).status, { timeout: 20_000, interval: 50 })
      .toBe("SUCCESS");
    const page = await (await call(path, { cookie })).text();
    const href = /href="(\/exports\/[^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const file = await call(href);
    expect((await file.text()).trim().split("\n")).toHaveLength(2);
    await env.FILES.delete(fileKey(id));
    expect(await (await call(path, { cookie })).text()).not.toContain("/exports/");
  });

  it("refuse a filter nobody can have meant", async () => {
    const cookie = await adminSession();
    for (const fields of [{ format: "xlsx" }, { format: "csv", from: "x" }, {}]) {
      expect((await submit(fields as Record<string, string>, cookie)).status).toBe(400);
    }
  });
});
