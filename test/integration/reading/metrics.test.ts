import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { apiKey, call, expectProblem } from "../../support/api";
import { deliver, storeOrders } from "../../support/engine";
import { anOrder } from "../../support/orders";

const LINE = /^pedidos_[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? -?[\d.e+-]+$/;

describe("GET /metrics", () => {
  it("tells counts, durations and queues in the text format of Prometheus", async () => {
    const ids = await storeOrders(env, [anOrder(), anOrder(), anOrder({ productos: [] })]);
    await deliver(ids, env);
    await storeOrders(env, [anOrder()]);
    const answer = await call("/metrics", { key: await apiKey(["metrics:read"]) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    const text = await answer.text();
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(line.startsWith("#") ? /^# (HELP|TYPE) pedidos_/ : LINE);
    }
    const labels = 'name="pedidos.procesar",module="pedidos"';
    expect(text).toContain(`pedidos_tasks_accepted_total{${labels}} 4\n`);
    expect(text).toContain(`pedidos_tasks_ended_total{${labels},state="failure"} 1\n`);
    expect(text).toContain(`pedidos_task_duration_seconds_bucket{${labels},le="+Inf"} 2\n`);
    expect(text).toContain(`pedidos_task_duration_seconds_count{${labels}} 2\n`);
    expect(text).toContain('pedidos_queue_due_tasks{queue="orders"} 1\n');
  });

  it("needs metrics:read", async () => {
    const key = await apiKey(["tasks:read"]);
    await expectProblem(await call("/metrics", { key }), 403, "forbidden");
    await expectProblem(await call("/metrics"), 401, "unauthorized");
  });
});
