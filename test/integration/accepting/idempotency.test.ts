import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { batchRange } from "../../../src/lib/ids";
import { adminSession, apiKey, type CallInit, expectProblem } from "../../support/api";
import {
  type Accepted,
  JSON_TYPE,
  NDJSON_TYPE,
  outcomesOf,
  post,
  storedRows,
} from "../../support/api-orders";
import { deliver, testEnv } from "../../support/engine";
import { anOrder } from "../../support/orders";

const newKey = () => crypto.randomUUID();
const orders = (count: number) => JSON.stringify(Array.from({ length: count }, () => anOrder()));

function postWith(
  idempotencyKey: string,
  body: string,
  init: CallInit = {},
  type = JSON_TYPE,
): Promise<Response> {
  return post(body, type, { ...init, headers: { "idempotency-key": idempotencyKey } });
}

async function accepted(response: Response): Promise<Accepted> {
  const text = await response.text();
  expect(response.status, text).toBe(202);
  return JSON.parse(text) as Accepted;
}

async function rowsOf(lote: string): Promise<string[]> {
  const { results } = await env.DB.prepare("SELECT id FROM tasks WHERE id BETWEEN ? AND ?")
    .bind(...batchRange(lote))
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

describe("the same key again", () => {
  it("with the same body gets the same answer, and nothing more is stored", async () => {
    const [key, body] = [newKey(), orders(3)];
    const first = await postWith(key, body);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    const answer = await accepted(first);
    const stored = await storedRows();
    for (let again = 0; again < 3; again++) {
      const replay = await postWith(key, body);
      expect(replay.headers.get("idempotency-replayed")).toBe("true");
      expect(await accepted(replay)).toEqual(answer);
    }
    expect(await storedRows()).toEqual(stored);
    expect(await rowsOf(answer.lote)).toEqual(answer.tareas.map(({ task_id }) => task_id));
    const tasks = await outcomesOf(answer.lote, 3);
    expect(tasks.map(({ status }) => status)).toEqual(["SUCCESS", "SUCCESS", "SUCCESS"]);
    // The key replays once all is done, too.
    expect(await accepted(await postWith(key, body))).toEqual(answer);
  });

  it("with another body is 422, and nothing is stored", async () => {
    const [key, body] = [newKey(), orders(1)];
    await accepted(await postWith(key, body));
    const stored = await storedRows();
    for (const other of [orders(1), orders(2), ` ${body}`]) {
      await expectProblem(await postWith(key, other), 422, "idempotency_key_reused");
    }
    expect(await storedRows()).toEqual(stored);
    await accepted(await postWith(key, body)); // The first body still replays.
  });

  it.each([
    [JSON_TYPE, NDJSON_TYPE],
    [NDJSON_TYPE, JSON_TYPE],
  ])("with the same bytes as %s and then as %s names no task that is not there", async (a, b) => {
    // The bytes are two orders as JSON, and one line that is no order as NDJSON.
    const [key, body] = [newKey(), orders(2)];
    const { lote } = await accepted(await postWith(key, body, {}, a));
    const second = await postWith(key, body, {}, b);
    if (second.status === 202) {
      const { tareas } = await accepted(second);
      expect(tareas.map(({ task_id }) => task_id)).toEqual(await rowsOf(lote));
    } else {
      await expectProblem(second, 422, "idempotency_key_reused");
    }
  });

  it("is another key when written otherwise", async () => {
    const key = newKey();
    const [one, two] = [await postWith(`${key}a`, orders(1)), await postWith(`${key}A`, orders(1))];
    expect((await accepted(one)).lote).not.toBe((await accepted(two)).lote);
  });

  it("after a refused request is as good as new", async () => {
    const key = newKey();
    await expectProblem(await postWith(key, "[]"), 400, "empty_batch");
    await expectProblem(await postWith(key, "{"), 400, "invalid_json");
    expect(
      await env.DB.prepare("SELECT key FROM idempotency_keys WHERE key LIKE ?")
        .bind(`%${key}`)
        .first(),
    ).toBeNull();
    await accepted(await postWith(key, orders(1)));
  });
});

describe("at once", () => {
  it.each([2, 10])("%i with the same body are one batch, stored once", async (times) => {
    const [key, body] = [newKey(), orders(4)];
    const before = (await storedRows()) as { tasks: number; keys: number };
    const responses = await Promise.all(Array.from({ length: times }, () => postWith(key, body)));
    const replayed = responses.filter((each) => each.headers.has("idempotency-replayed"));
    expect(replayed).toHaveLength(times - 1);
    const answers = await Promise.all(responses.map(accepted));
    for (const answer of answers) {
      expect(answer).toEqual(answers[0]);
    }
    expect(await storedRows()).toEqual({ tasks: before.tasks + 4, keys: before.keys + 1 });
    const tasks = await outcomesOf(answers[0]?.lote ?? "", 4);
    expect(tasks.every(({ status }) => status === "SUCCESS")).toBe(true);
  });

  it("ten with other bodies are one batch and nine conflicts", async () => {
    const key = newKey();
    const before = (await storedRows()) as { tasks: number; keys: number };
    const responses = await Promise.all(Array.from({ length: 10 }, () => postWith(key, orders(2))));
    const statuses = responses.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([202, 422, 422, 422, 422, 422, 422, 422, 422, 422]);
    expect(await storedRows()).toEqual({ tasks: before.tasks + 2, keys: before.keys + 1 });
  });
});

describe("callers", () => {
  it("do not share keys", async () => {
    const [key, body] = [newKey(), orders(1)];
    const callers: CallInit[] = [
      { key: await apiKey(["orders:write"]) },
      { key: await apiKey(["orders:write"]) },
      { cookie: await adminSession() },
    ];
    const lotes = new Set<string>();
    for (const caller of callers) {
      const response = await postWith(key, body, caller);
      expect(response.headers.get("idempotency-replayed")).toBeNull();
      lotes.add((await accepted(response)).lote);
    }
    expect(lotes.size).toBe(3);
    await accepted(await postWith(key, body, callers[0]));
    await expectProblem(await postWith(key, orders(1), callers[1]), 422, "idempotency_key_reused");
  });
});

describe("a key that has expired", () => {
  const expire = (key: string) =>
    env.DB.prepare("UPDATE idempotency_keys SET expires_at = ?1 WHERE key LIKE '%' || ?2")
      .bind(Date.now() - 1, key)
      .run();

  it("lasts 24 hours", async () => {
    const key = newKey();
    const from = Date.now();
    await accepted(await postWith(key, orders(1)));
    const row = env.DB.prepare("SELECT expires_at AS at FROM idempotency_keys WHERE key LIKE ?");
    const at = (await row.bind(`%${key}`).first<number>("at")) ?? 0;
    expect(at).toBeGreaterThanOrEqual(from + 86_400_000);
    expect(at).toBeLessThanOrEqual(Date.now() + 86_400_000);
  });

  it("accepts the same body anew, which then replays", async () => {
    const [key, body] = [newKey(), JSON.stringify(anOrder({ productos: [] }))];
    const first = await accepted(await postWith(key, body));
    await expire(key);
    const renewed = await postWith(key, body);
    expect(renewed.headers.get("idempotency-replayed")).toBeNull();
    const second = await accepted(renewed);
    expect(second.lote).not.toBe(first.lote);
    expect(await rowsOf(second.lote)).toHaveLength(1);
    expect(await accepted(await postWith(key, body))).toEqual(second);
  });

  it("accepts another body, and then refuses the first", async () => {
    const [key, body, other] = [newKey(), orders(1), orders(2)];
    await accepted(await postWith(key, body));
    await expire(key);
    const { lote } = await accepted(await postWith(key, other));
    expect(await rowsOf(lote)).toHaveLength(2);
    await expectProblem(await postWith(key, body), 422, "idempotency_key_reused");
  });

  it("accepts one of ten at once", async () => {
    const [key, body] = [newKey(), orders(1)];
    await accepted(await postWith(key, body));
    await expire(key);
    const before = (await storedRows()) as { tasks: number };
    const responses = await Promise.all(Array.from({ length: 10 }, () => postWith(key, body)));
    const lotes = new Set((await Promise.all(responses.map(accepted))).map(({ lote }) => lote));
    expect(lotes.size).toBe(1);
    expect(await storedRows()).toMatchObject({ tasks: before.tasks + 1 });
  });
});

describe("the header", () => {
  it.each(["", "a b", "a, b", "é", "x".repeat(256), "\t"])("%j is refused", async (key) => {
    const stored = await storedRows();
    const problem = await expectProblem(await postWith(key, orders(1)), 400, "invalid_parameter");
    expect(problem["parameter"]).toBe("Idempotency-Key");
    expect(problem.detail).toContain("Idempotency-Key");
    expect(await storedRows()).toEqual(stored);
  });

  it.each(["x".repeat(255), "%_'\"--;", "a"])("%j is taken as it is", async (key) => {
    const body = orders(1);
    const { lote } = await accepted(await postWith(key, body));
    expect((await accepted(await postWith(key, body))).lote).toBe(lote);
  });
});

it("a replay works, and sends nothing twice, when the first send to the queue had failed", async () => {
  const [key, body] = [newKey(), orders(2)];
  const sendBatch = vi.fn<Queue["sendBatch"]>().mockRejectedValueOnce(new Error("Bad Gateway"));
  const deaf = { env: { QUEUE_ORDERS: { sendBatch } } };
  // An order that is stored is accepted.
  const answer = await accepted(await postWith(key, body, deaf));
  expect(sendBatch).toHaveBeenCalledTimes(2); // What the second call sends is lost.
  const stored = await storedRows();
  const replay = await postWith(key, body);
  expect(replay.headers.get("idempotency-replayed")).toBe("true");
  expect(await accepted(replay)).toEqual(answer);
  expect(await storedRows()).toEqual(stored);
  const ids = answer.tareas.map(({ task_id }) => task_id);
  await deliver(ids, testEnv()); // Recovery will deliver them.
  const tasks = await outcomesOf(answer.lote, 2);
  expect(tasks.map(({ status, attempts }) => [status, attempts])).toEqual([
    ["SUCCESS", 1],
    ["SUCCESS", 1],
  ]);
});
