import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import {
  adminSession,
  apiKey,
  call,
  type CallInit,
  expectProblem,
  type List,
} from "../support/api";
import { deafQueue, deliver, storeOrders } from "../support/engine";
import { anOrder } from "../support/orders";

interface Entry {
  actor: string;
  action: string;
  target: string;
  detail: Record<string, unknown> | null;
}

async function entries(query = ""): Promise<Entry[]> {
  const answer = await call(`/api/audit/${query}`, { cookie: await adminSession() });
  expect(answer.status).toBe(200);
  return (await answer.json<List<Entry>>()).results;
}

const send = (method: string, path: string, init: CallInit, body?: unknown) =>
  call(path, {
    method,
    headers: { "content-type": "application/json" },
    env: { QUEUE_ORDERS: deafQueue, QUEUE_TASKS: deafQueue },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...init,
  });

beforeEach(async () => {
  await env.DB.prepare("DELETE FROM audit_log").run();
});

describe("the audit log", () => {
  it("tells who did what to which task, and nothing of what was refused", async () => {
    const key = await apiKey(["tasks:write"]);
    await env.DB.prepare("DELETE FROM audit_log").run(); // of making the key
    const [bad = "", waiting = ""] = await storeOrders(env, [
      anOrder({ productos: [] }),
      anOrder(),
    ]);
    await deliver([bad], env);
    await send("POST", `/api/tasks/discard/${bad}/`, { key }, { reason: "a test order" });
    await send("POST", `/api/tasks/cancel/${waiting}/`, { key });
    expect((await send("POST", `/api/tasks/cancel/${waiting}/`, { key })).status).toBe(409);
    expect(await entries()).toMatchObject([
      { action: "task.cancel", target: waiting, detail: null },
      { action: "task.discard", target: bad, detail: { reason: "a test order" } },
    ]);
    expect(await entries(`?target=${bad}`)).toHaveLength(1);
    expect(await entries("?action=task.run")).toEqual([]);
  });

  it("keeps the filter of a bulk action, and the task that tells what it came to", async () => {
    const key = await apiKey(["tasks:write"]);
    const filter = { task_module: "pedidos", status: "FAILURE" };
    const answer = await send("POST", "/api/tasks/bulk/", { key }, { action: "retry", filter });
    const { task_id } = await answer.json<{ task_id: string }>();
    expect((await entries())[0]).toMatchObject({
      action: "tasks.retry",
      target: task_id,
      detail: { action: "retry", filter },
    });
  });

  it("notes keys without their secret, and the deletion of an order with its reason", async () => {
    const cookie = await adminSession();
    const made = await send(
      "POST",
      "/api/keys/",
      { cookie },
      { name: "shop", scopes: ["orders:write"] },
    );
    const { id, key } = await made.json<{ id: string; key: string }>();
    await send("DELETE", `/api/keys/${id}/`, { cookie });
    const order = anOrder();
    await deliver(await storeOrders(env, [order]), env);
    const reason = "asked for by the customer";
    const gone = await send("DELETE", `/api/pedidos/${String(order.id)}/`, { cookie }, { reason });
    expect(gone.status).toBe(204);
    const noted = await entries();
    expect(noted).toMatchObject([
      { action: "order.delete", target: String(order.id), detail: { reason } },
      { action: "key.revoke", target: id },
      { action: "key.create", target: id, detail: { name: "shop" } },
    ]);
    expect(JSON.stringify(noted)).not.toContain(key.split("_")[2]);
  });

  it("is for signed-in administrators", async () => {
    const key = await apiKey();
    await expectProblem(await call("/api/audit/", { key }), 403, "forbidden");
    await expectProblem(await call("/api/audit/"), 401, "unauthorized");
  });
});
