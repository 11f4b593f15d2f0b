import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { enqueueOrders } from "../../../src/orders/intake/ingest";
import { verifyKey } from "../../../src/auth/keys/key-check";
import { callerId } from "../../../src/caller";
import { apiKey, call, expectProblem, ORIGIN } from "../../support/api";
import { tasksOf } from "../../support/api-rows";
import { bulk } from "../../../src/tasks/commands/bulk";
import { deafQueue, deliver, storeOrders, storeTasks, taskOf, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";
import { person } from "../../support/people";

const post = (path: string, key?: string) => call(path, { method: "POST", key });
const quiet = { QUEUE_ORDERS: deafQueue };

describe("POST /api/tasks/cancel/:task_id/", () => {
  it("cancels, and says 409 with the state from then on", async () => {
    const key = await apiKey(["tasks:write"]);
    const [id] = await storeOrders(env, [anOrder()]);
    const first = await post(`/api/tasks/cancel/${id}/`, key);
    expect(first.status).toBe(200);
    expect(await first.json()).toEqual({ task_id: id, status: "REVOKED" });
    const again = await post(`/api/tasks/cancel/${id}`, key);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: "wrong_state", state: "REVOKED" });
  });

  it("lets a caller cancel its own task whatever its scopes, and nobody else's", async () => {
    const key = await apiKey(["orders:write"]);
    const caller = await verifyKey(env, key, Date.now(), () => undefined);
    const user = caller && callerId(caller);
    const accepted = await enqueueOrders(testEnv(quiet), [anOrder(), anOrder()], user);
    const ids = accepted.taskIds;
    expect((await post(`/api/tasks/cancel/${ids[0]}/`, key)).status).toBe(200);
    const stranger = await apiKey(["orders:write"]);
    const refused = await post(`/api/tasks/cancel/${ids[1]}/`, stranger);
    expect(refused.status).toBe(403);
    expect((await taskOf(ids[1])).status).toBe("PENDING");
    expect((await post(`/api/tasks/cancel/${ids[1]}/`)).status).toBe(401);
  });

  it("answers 404 for a task nobody knows", async () => {
    const key = await apiKey(["tasks:write"]);
    expect((await post("/api/tasks/cancel/nobody/", key)).status).toBe(404);
  });
});

describe("a page's cancel button: the session's cookie, and no body", () => {
  const cancel = (id: string, cookie: string, headers: Record<string, string>) =>
    call(`/api/tasks/cancel/${id}/`, { method: "POST", cookie, headers });
  const ownPage = { origin: ORIGIN, "sec-fetch-site": "same-origin" };

  it("ends a viewer's own task, and no other", async () => {
    const viewer = await person("viewer");
    const [own = "", other = ""] = await tasksOf(`user:${viewer.id}`, "user:another");
    const response = await cancel(own, viewer.cookie, ownPage);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ task_id: own, status: "REVOKED" });
    expect((await taskOf(own)).status).toBe("REVOKED");
    const again = await expectProblem(
      await cancel(own, viewer.cookie, ownPage),
      409,
      "wrong_state",
    );
    expect(again["state"]).toBe("REVOKED");
    await expectProblem(await cancel(other, viewer.cookie, ownPage), 403, "forbidden");
    expect((await taskOf(other)).status).toBe("PENDING");
  });

  it("ends any task for whoever has tasks:write", async () => {
    const operator = await person("operator");
    const [other = ""] = await tasksOf("user:another");
    expect((await cancel(other, operator.cookie, ownPage)).status).toBe(200);
    expect((await taskOf(other)).status).toBe("REVOKED");
  });

  it("is not taken from another site's page", async () => {
    const operator = await person("operator");
    const [other = ""] = await tasksOf("user:another");
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await cancel(other, operator.cookie, headers)).status).toBeGreaterThanOrEqual(400);
    expect((await taskOf(other)).status).toBe("PENDING");
  });
});

describe("POST /api/tasks/retry/:task_id/", () => {
  it("runs a failed task again; 409 with the state when it has not failed", async () => {
    const key = await apiKey(["tasks:write"]);
    const [bad = "", good = ""] = await storeOrders(env, [anOrder({ productos: [] }), anOrder()]);
    await deliver([bad, good], env);
    expect((await post(`/api/tasks/retry/${bad}/`, key)).status).toBe(200);
    await expect.poll(async () => (await taskOf(bad)).status, { timeout: 10_000 }).toBe("FAILURE");
    const timeline = JSON.parse((await taskOf(bad)).timeline ?? "[]") as { event: string }[];
    expect(timeline.filter(({ event }) => event === "started")).toHaveLength(2);
    const refused = await post(`/api/tasks/retry/${good}/`, key);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ state: "SUCCESS" });
    expect((await post("/api/tasks/retry/nobody/", key)).status).toBe(404);
  });

  it("needs tasks:write", async () => {
    const key = await apiKey(["tasks:read"]);
    expect((await post("/api/tasks/retry/any/", key)).status).toBe(403);
  });
});

describe("POST /api/tasks/replay/:task_id/", () => {
  const replay = (id: string | undefined, key: string, input: unknown) =>
    call(`/api/tasks/replay/${id}/`, {
      method: "POST",
      key,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input }),
    });

  it("runs an edited copy of a task that has ended, and of none that its caller may not start", async () => {
    const key = await apiKey(["tasks:write"]);
    const [bad = ""] = await storeOrders(env, [anOrder({ productos: [] })]);
    await deliver([bad], env);
    const replayed = await replay(bad, key, anOrder());
    expect(replayed.status).toBe(202);
    const { task_id } = await replayed.json<{ task_id: string }>();
    expect((await taskOf(task_id)).replay_of).toBe(bad);
    const [internal] = await storeTasks(env, bulk, [{ action: "cancel", filter: { ids: [] } }]);
    const refused = await replay(internal, key, { action: "cancel", filter: {} });
    expect(refused.status).toBe(404);
    expect(await refused.json()).toMatchObject({ code: "unknown_task" });
  });
});
