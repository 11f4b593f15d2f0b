import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_ROWS } from "../../../src/live/events";
import { hubOf } from "../../../src/live/hub";
import { newBatchId, taskId } from "../../../src/lib/ids";
import { masterKey } from "../../support/api";
import { aChange, listen, type Listener, publishNow } from "../../support/live";

const open: Listener[] = [];

async function listenTo(query: string): Promise<Listener> {
  const listener = await listen(query, { key: await masterKey() });
  open.push(listener);
  return listener;
}

function leave(listener: Listener): Promise<void> {
  listener.socket.close(1000, "bye");
  return vi.waitFor(() => expect(listener.closed).not.toBeNull());
}

beforeEach(async () => {
  await Promise.all(open.splice(0).map(leave));
});

describe("a socket", () => {
  it("is told of the tasks it asks for, and of no others", async () => {
    const lote = newBatchId(Date.now());
    const mine = aChange({ id: taskId(lote, 0), user: "key:me", module: "nomina" });
    const other = aChange({ user: "key:you" });
    const users = ["user=key%3Ame", "user=me"];
    const queries = ["", `lote=${lote}`, `task=${mine.id}`, "module=nomina", ...users];
    const listeners = await Promise.all(queries.map(listenTo));
    const deaf = await listenTo(`lote=${newBatchId(Date.now())}`);
    await publishNow(mine, other);
    for (const [index, listener] of listeners.entries()) {
      const expected = index === 0 ? [mine.id, other.id] : [mine.id];
      await vi.waitFor(() => expect([...listener.rows.keys()], queries[index]).toEqual(expected));
    }
    expect(deaf.messages).toHaveLength(1);
    expect(listeners[0]?.messages[1]?.counts).toEqual({ STARTED: 2 });
    expect(JSON.stringify(listeners[0]?.messages)).not.toContain("key:me");
  });

  it("gets a burst in few messages that end with the latest state of every task", async () => {
    const listener = await listenTo("");
    const tasks = Array.from({ length: 20 }, () => aChange());
    for (let step = 0; step < 50; step += 1) {
      await publishNow(...tasks.map((task) => ({ ...task, progress: step, at: Date.now() })));
    }
    await vi.waitFor(() =>
      expect([...listener.rows.values()].map(({ progress }) => progress)).toEqual(
        tasks.map(() => 49),
      ),
    );
    expect(listener.messages.length).toBeLessThan(20);
  });

  it("is told to read again when more changed than a message holds", async () => {
    const listener = await listenTo("");
    await publishNow(...Array.from({ length: MAX_ROWS + 5 }, () => aChange()));
    await vi.waitFor(() => expect(listener.messages).toHaveLength(2));
    expect(listener.messages[1]).toMatchObject({
      refetch: true,
      counts: { STARTED: MAX_ROWS + 5 },
    });
    expect(listener.rows.size).toBe(MAX_ROWS);
  });

  it("does not go back to an earlier state when calls overtake each other", async () => {
    const listener = await listenTo("");
    const at = Date.now();
    const task = aChange({ at });
    await publishNow(aChange());
    await publishNow({ ...task, status: "SUCCESS" });
    await publishNow(task);
    await publishNow({ ...task, at: at - 1 });
    await vi.waitFor(() => expect(listener.rows.get(task.id)?.status).toBe("SUCCESS"));
  });

  it("that says anything but ping is closed", async () => {
    const listener = await listenTo("");
    listener.socket.send("hello");
    await vi.waitFor(() => expect(listener.closed).toBe(1008));
  });
});

describe("a client that comes back", () => {
  it("gets what it missed, merged, and nothing twice", async () => {
    const first = await listenTo("module=pedidos");
    await publishNow(aChange());
    await vi.waitFor(() => expect(first.messages).toHaveLength(2));
    await leave(first);
    const task = aChange();
    await publishNow(task, aChange({ module: "other" }));
    await publishNow({ ...task, status: "SUCCESS" });
    const again = await listenTo(`module=pedidos&${first.since()}`);
    expect(again.messages[0]?.refetch).toBeUndefined();
    expect([...again.rows.values()]).toMatchObject([{ id: task.id, status: "SUCCESS" }]);
    const since = again.since();
    await leave(again);
    expect((await listenTo(since)).messages[0]?.rows).toBeUndefined();
  });

  it("is told to read again after more than the hub remembers", async () => {
    const first = await listenTo("");
    await publishNow(aChange());
    await vi.waitFor(() => expect(first.messages).toHaveLength(2));
    await leave(first);
    for (let batch = 0; batch < 60; batch += 1) {
      await publishNow(...Array.from({ length: 100 }, () => aChange()));
    }
    const again = await listenTo(first.since());
    expect(again.messages[0]).toMatchObject({ refetch: true });
    expect(again.rows.size).toBe(0);
  });

  it("is told to read again when the hub lost its memory: the epoch is another", async () => {
    const first = await listenTo("");
    await publishNow(aChange());
    await vi.waitFor(() => expect(first.messages).toHaveLength(2));
    await leave(first);
    await evictDurableObject(hubOf(env));
    const again = await listenTo(first.since());
    expect(again.messages[0]).toMatchObject({ refetch: true });
    expect(again.messages[0]?.epoch).not.toBe(first.messages[0]?.epoch);
  });

  it("is told to read again when publishers may have rested meanwhile", async () => {
    await evictDurableObject(hubOf(env)); // The hub has heard nothing yet.
    const first = await listenTo("");
    await leave(first);
    const later = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 60_000);
    expect(await publishNow(aChange())).toEqual({ listeners: 0 });
    later.mockRestore();
    const again = await listenTo(first.since());
    expect(again.messages[0]).toMatchObject({ refetch: true });
    expect(again.messages[0]?.settle).toBeGreaterThan(0);
  });
});

describe("the hub", () => {
  it("keeps its sockets when it leaves memory, and goes on telling", async () => {
    const listener = await listenTo("");
    await evictDurableObject(hubOf(env));
    const task = aChange();
    expect(await publishNow(task)).toEqual({ listeners: 1 });
    await vi.waitFor(() => expect(listener.rows.has(task.id)).toBe(true));
    expect(listener.closed).toBeNull();
  });

  it("tells everyone to read again when it lost what it was about to tell", async () => {
    const listener = await listenTo("");
    // The alarm, set a minute ahead, does not go off before the hub is gone.
    const ahead = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 60_000);
    const lost = aChange();
    await publishNow(aChange());
    await publishNow(lost);
    ahead.mockRestore();
    await evictDurableObject(hubOf(env));
    expect(await runDurableObjectAlarm(hubOf(env))).toBe(true);
    await vi.waitFor(() =>
      expect(listener.messages.slice(1).some(({ refetch }) => refetch)).toBe(true),
    );
    expect(listener.rows.has(lost.id)).toBe(false);
  });

  it("answers pings without waking", async () => {
    const listener = await listenTo("");
    const pongs: unknown[] = [];
    listener.socket.addEventListener("message", ({ data }) => {
      pongs.push(data);
    });
    listener.socket.send("ping");
    await vi.waitFor(() => expect(pongs).toEqual(["pong"]));
  });
});
