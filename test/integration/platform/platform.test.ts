/** The test bed does what it says that the platform does. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batchOf, bindingOf } from "../../platform/batch";
import { stopClock } from "../../platform/clock";
import { strictD1 } from "../../platform/d1";
import { D1_ERROR_NAMES, D1_ERRORS } from "../../platform/d1-errors";
import { connect, invoke } from "../../platform/invocation";
import { strictObjects } from "../../platform/objects";
import { StrictQueue } from "../../platform/queue";

const COUNT = "SELECT count(*) AS n FROM people_of_the_bed";
const ADD = "INSERT INTO people_of_the_bed (name) VALUES (?)";

async function countPeople(): Promise<number | undefined> {
  return (await env.DB.prepare(COUNT).first<{ n: number }>())?.n;
}

describe("D1", () => {
  beforeEach(async () => {
    await env.DB.exec("DROP TABLE IF EXISTS people_of_the_bed");
    await env.DB.exec("CREATE TABLE people_of_the_bed (name TEXT NOT NULL)");
  });

  it.each(D1_ERROR_NAMES)("fails with its own words: %s", async (error) => {
    const db = strictD1(env.DB, { fault: ({ writes }) => (writes ? { error } : null) });
    await expect(db.prepare(ADD).bind("ana").run()).rejects.toThrow(D1_ERRORS[error]);
    expect(await db.prepare(COUNT).first("n")).toBe(0);
  });

  it("may have committed what it reports failed", async () => {
    const db = strictD1(env.DB, { fault: () => ({ error: "network lost", committed: true }) });
    await expect(db.batch([db.prepare(ADD).bind("ana")])).rejects.toThrow("Network connection");
    expect(await countPeople()).toBe(1);
  });

  it("takes no value over 2 MB, which the local one does", async () => {
    const text = "x".repeat(2_000_001);
    await env.DB.prepare(ADD).bind(text).run();
    expect(() => strictD1(env.DB).prepare(ADD).bind(text)).toThrow("SQLITE_TOOBIG");
    // The limit is of bytes, not characters.
    expect(() => strictD1(env.DB).prepare(ADD).bind("ñ".repeat(1_000_001))).toThrow("TOOBIG");
  });

  it("takes 1,000 queries of an invocation, those of a batch included", async () => {
    const db = strictD1(env.DB);
    const half = () => db.batch(Array.from({ length: 500 }, () => db.prepare(COUNT)));
    const both = async () => {
      await half();
      await half();
    };
    await invoke(both);
    await invoke(both);
    const more = invoke(async () => {
      await both();
      await db.prepare(COUNT).first();
    });
    await expect(more).rejects.toThrow("Too many API requests");
  });

  it("is full at its limit: it reads and deletes, and takes no more", async () => {
    await env.DB.prepare(ADD).bind("ana").run();
    const db = strictD1(env.DB, { maxBytes: 1 });
    await expect(db.prepare(ADD).bind("eva").run()).rejects.toThrow("Exceeded maximum DB size");
    expect(await db.prepare(COUNT).first("n")).toBe(1);
    await db.prepare("DELETE FROM people_of_the_bed").run();
    expect(await countPeople()).toBe(0);
  });

  it("does one thing at a time", async () => {
    const waits: number[] = [];
    const db = strictD1(env.DB, {
      roundTripMs: 20,
      writeMs: 5,
      wait: async (ms) => void waits.push(ms),
    });
    vi.useFakeTimers({ toFake: ["Date"] });
    await Promise.all(["ana", "eva", "zoe"].map((name) => db.prepare(ADD).bind(name).run()));
    vi.useRealTimers();
    expect(waits.toSorted((a, b) => a - b)).toEqual([5, 10, 10, 10, 10, 10, 10, 10, 15]);
  });

  it("works through drizzle's eyes: sessions, raw rows, first columns", async () => {
    const db = strictD1(env.DB);
    await db.withSession("first-primary").prepare(ADD).bind("ana").run();
    expect(await db.prepare("SELECT name FROM people_of_the_bed").raw()).toEqual([["ana"]]);
  });
});

describe("a queue", () => {
  const hundred = Array.from({ length: 100 }, (_, n) => ({ v: 1, task_id: String(n) }));

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("takes 5,000 messages a second and refuses the rest, a whole call at a time", () => {
    const queue = new StrictQueue();
    for (let call = 0; call < 50; call++) {
      queue.send(hundred);
    }
    expect(() => queue.send([{}])).toThrow("Too Many Requests");
    vi.setSystemTime(Date.now() + 1000);
    queue.send(hundred);
    expect(queue.sent).toHaveLength(5100);
  });

  it("takes no call over 100 messages or 256 KB, and no message over 128 KB", async () => {
    const queue = new StrictQueue();
    const binding = bindingOf(queue);
    const sized = (size: number) => ({ body: "x".repeat(size) });
    await expect(binding.sendBatch([...hundred, 1].map((body) => ({ body })))).rejects.toThrow();
    await expect(binding.sendBatch([sized(128_000)])).rejects.toThrow("Payload Too Large");
    const three = [sized(100_000), sized(100_000), sized(100_000)];
    await expect(binding.sendBatch(three)).rejects.toThrow("Payload Too Large");
    expect(queue.messages).toEqual([]);
  });

  it("counts what is not acked: waiting, delayed and in flight", async () => {
    const queue = new StrictQueue();
    const startedAt = Date.now();
    queue.send([1, 2, 3]);
    vi.setSystemTime(startedAt + 5000);
    queue.send([4], 60_000);
    expect(queue.visible()).toHaveLength(3);
    const taken = queue.take(queue.visible());
    expect(queue.metrics()).toMatchObject({
      backlogCount: 4,
      oldestMessageTimestamp: new Date(startedAt),
    });
    queue.drop(taken);
    expect(queue.metrics()).toMatchObject({
      backlogCount: 1,
      oldestMessageTimestamp: new Date(startedAt + 5000),
    });
  });

  it("gives a message up after its retries, to the dead letters", () => {
    const deadLetters = new StrictQueue();
    const queue = new StrictQueue({ maxRetries: 2, deadLetters });
    queue.send(["bad"]);
    for (let delivery = 1; delivery <= 3; delivery++) {
      const taken = queue.take(queue.visible());
      expect(taken).toMatchObject([{ attempts: delivery - 1, body: "bad" }]);
      taken.forEach((message) => queue.takeBack(message, 0));
    }
    expect(queue.messages).toEqual([]);
    expect(deadLetters.messages).toMatchObject([{ body: "bad", attempts: 0 }]);
  });

  it("believes the first word about a message", () => {
    const { batch, answers } = batchOf([new StrictQueue().make("one")]);
    batch.messages[0]?.retry({ delaySeconds: 3 });
    batch.ackAll();
    expect([...answers.values()]).toEqual([{ delayMs: 3000 }]);
  });
});

describe("objects", () => {
  it("fail as the runtime has them fail, before or after the call took effect", async () => {
    let fault: Parameters<typeof strictObjects>[1] = {};
    const recovery = strictObjects(env.RECOVERY as never, {
      fault: (method) => fault?.fault?.(method),
    }) as unknown as Env["RECOVERY"];
    const stub = () => recovery.getByName("bed");
    fault = { fault: () => ({ error: "overloaded" }) };
    await expect(stub().arm()).rejects.toMatchObject({ overloaded: true, retryable: false });
    fault = {};
    expect((await stub().status()).nextRunAt).toBeNull();
    fault = { fault: () => ({ error: "code updated", committed: true }) };
    await expect(stub().arm()).rejects.toMatchObject({ overloaded: false, retryable: true });
    fault = {};
    expect((await stub().status()).nextRunAt).not.toBeNull();
  });
});

describe("an invocation", () => {
  it("has six connections: the seventh call waits for one of them", async () => {
    let [open, most] = [0, 0];
    const call = () =>
      connect(async () => {
        open += 1;
        most = Math.max(most, open);
        await scheduler.wait(1);
        open -= 1;
      });
    await invoke(() => Promise.all(Array.from({ length: 20 }, call)));
    expect(most).toBe(6);
  });

  it("sees no time pass but by what comes back from outside", async () => {
    const start = stopClock();
    try {
      await invoke(async () => {
        const before = [Date.now(), new Date().getTime(), performance.now()];
        let sum = 0;
        for (let n = 0; n < 20_000_000; n++) {
          sum += Math.sqrt(n);
        }
        expect(sum).toBeGreaterThan(0);
        expect([Date.now(), new Date().getTime(), performance.now()]).toEqual(before);
        await connect(() => scheduler.wait(5));
        expect(Date.now()).toBeGreaterThan(before[0] ?? 0);
      });
    } finally {
      start();
    }
  });
});
