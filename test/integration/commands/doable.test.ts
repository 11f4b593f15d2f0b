import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Caller } from "../../../src/caller";
import { isRefused } from "../../../src/lib/result";
import { actOn } from "../../../src/tasks/commands/actions";
import { type Action, allowedActions, doable } from "../../../src/tasks/commands/doable";
import { Engine } from "../../../src/tasks/model/engine";
import { type Status, STATUSES } from "../../../src/tasks/model/states";
import { statusOf } from "../../../src/tasks/reading/execution";
import { countTasks } from "../../../src/tasks/reading/list";
import { deafQueue, storeTasks, taskOf, testEnv } from "../../support/engine";
import { recount } from "../../support/recount";
import { aDefinition } from "../../support/tasks";

const ACTIONS: readonly Action[] = ["cancel", "retry", "discard"];
const operator: Caller = { kind: "user", id: "ana", email: "ana@acme.com", role: "operator" };
const known = aDefinition({ name: "test.known" });
const unknown = aDefinition({ name: "test.unknown" });
const engine = new Engine([known]);
const quiet = testEnv({ QUEUE_TASKS: deafQueue });

interface Case {
  shown: Status;
  isDiscarded: boolean;
  isElsewhere: boolean;
  isKnown: boolean;
}

const CASES: readonly Case[] = [
  ...STATUSES.map((shown) => ({ shown, isDiscarded: false })),
  { shown: "FAILURE" as const, isDiscarded: true },
].flatMap((state) =>
  [false, true].flatMap((isElsewhere) =>
    [false, true].map((isKnown) => ({ ...state, isElsewhere, isKnown })),
  ),
);

/** Stores a row, and its lease while it runs, for each action to have one of its own. */
async function storeCase({ shown, isDiscarded, isElsewhere, isKnown }: Case): Promise<string[]> {
  const ids = await storeTasks(env, isKnown ? known : unknown, ACTIONS);
  const isRunning = shown === "STARTED" || shown === "PROGRESS";
  const set = env.DB.prepare(
    "UPDATE tasks SET status = ?2, progress = ?3, discard_reason = ?4, external_id = ?5 WHERE id = ?1",
  );
  const hold = env.DB.prepare(
    "INSERT INTO leases (token, queue, worker, since, expires_at, task_ids) VALUES (?1, 'tasks', 'w', 0, 9e15, ?2)",
  );
  await env.DB.batch([
    ...ids.map((id) =>
      set.bind(
        id,
        isRunning ? "PENDING" : shown,
        shown === "PROGRESS" ? 50 : null,
        isDiscarded ? "known" : null,
        isElsewhere ? `elsewhere-${id}` : null,
      ),
    ),
    ...(isRunning ? [hold.bind(crypto.randomUUID(), JSON.stringify(ids))] : []),
  ]);
  await recount();
  return ids;
}

it.for(CASES)(
  "a task's page offers what a list counts and the action then does: $shown, discarded $isDiscarded, elsewhere $isElsewhere, known $isKnown",
  async (state) => {
    const ids = await storeCase(state);
    for (const [index, action] of ACTIONS.entries()) {
      const id = ids[index] ?? "";
      const task = await taskOf(id);
      expect(statusOf(task)).toBe(state.shown);
      const isOffered = allowedActions(task, engine, operator)[action];
      const { count } = await countTasks(env.DB, { ids: [id] }, doable(engine, action), null);
      const acted = await actOn(quiet, engine, action, id, { by: "user:ana", reason: "known" });
      expect({ action, count, isDone: !isRefused(acted) }).toEqual({
        action,
        count: isOffered ? 1 : 0,
        isDone: isOffered,
      });
    }
  },
);
