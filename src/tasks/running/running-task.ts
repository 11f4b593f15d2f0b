/**
 * A running task reports progress and remembers the steps it finished. Both are written only while
 * its lease holds it, so a run that was cancelled or given up on leaves no trace.
 */
import { sizeOf } from "../../db/chunks";
import { sql } from "../../db/sql";
import { retryD1 } from "../../db/retry";
import type { Clock } from "../../lib/clock";
import { isRecent } from "../../lib/recent";
import { parseExact } from "../../lib/exact-json";
import { cutText, isLonger } from "../../lib/cut-text";
import {
  MAX_CHECKPOINT_BYTES,
  MAX_JSON_CHARACTERS,
  MAX_STEP_CHARACTERS,
  MAX_STEPS_BYTES,
} from "../model/bounds";
import type { ClaimedRow } from "./claim";
import type { RunningTask, Task } from "../model/define";
import { HELD } from "../model/leases";
import { progressNotice, readNotify } from "../model/notify";

/**
 * Progress is saved, and told to watchers, at most this often. It is saved less often as a run gets
 * longer, as D1 answers an invocation 1,000 queries and a run of 14 minutes has 840 seconds.
 */
const SAVE_EVERY_MS = 1000;
const SAVES_OF_A_MINUTE = 60;
const TELL_EVERY_MS = 250;
const STEP_NAME = /^[\w .:-]{1,64}$/;

/**
 * NotHeldError stops a handler whose task is no longer its own; nothing it returns counts any more.
 */
export class NotHeldError extends Error {
  constructor() {
    super("The task was cancelled, or its lease given up");
    this.name = "NotHeldError";
  }
}

const SAVE_PROGRESS = sql(`
UPDATE tasks SET progress = :percent, step = coalesce(:step, step),
  total_steps = coalesce(:total_steps, total_steps)
WHERE id = :id AND id IN (${HELD})`);

// STEP_NAME allows no quotes in `:name`, so it cannot end those of the path.
const SAVE_STEP = sql(`
UPDATE tasks SET finished_steps =
  json_set(coalesce(finished_steps, '{}'), '$."' || :name || '"', json(:result))
WHERE id = :id AND id IN (${HELD})`);

const SAVE_CHECKPOINT = sql(`
UPDATE tasks SET checkpoint = nullif(:checkpoint, 'null') WHERE id = :id AND id IN (${HELD})`);

interface Progress {
  percent: number;
  step: string | null;
  total_steps: number | null;
}

/** StartedRun is what a run works with; `save` writes progress that is not saved yet. */
interface StartedRun<Input> {
  task: RunningTask<Input>;
  save(): Promise<void>;
}

/** Runnable is a task to be run, its row, and the token of the lease that holds it. */
interface Runnable<Input> {
  task: Task<Input>;
  row: Pick<ClaimedRow, "finished_steps" | "progress" | "notify">;
  token: string;
}

/** Starts a run of a task, whose progress it tells to `tell`. */
export function startRun<Input>(
  { task, row, token }: Runnable<Input>,
  db: D1Database,
  clock: Clock,
  tell: (percent: number, step: string | null) => void,
): StartedRun<Input> {
  const steps = new Map<string, unknown>(
    Object.entries(row.finished_steps === null ? {} : (parseExact(row.finished_steps) as object)),
  );
  const { progress: notifyEvery } = readNotify(row.notify);
  let notified = row.progress ?? 0;
  let finished = sizeOf(row.finished_steps ?? "");
  let unsaved: Progress | null = null;
  const begunAt = clock();
  let savedAt = 0;
  let toldAt = 0;

  const own = { token, id: task.id };
  const write = async (statement: D1PreparedStatement): Promise<void> => {
    const { meta } = await retryD1(db, () => statement.run());
    if (meta.changes === 0) {
      throw new NotHeldError();
    }
  };
  const save = async (): Promise<void> => {
    if (unsaved !== null) {
      const values = unsaved;
      unsaved = null;
      savedAt = clock();
      await write(SAVE_PROGRESS.on(db, { ...own, ...values }));
      await notify(values.percent);
    }
  };
  const notify = async (percent: number): Promise<void> => {
    if (notifyEvery && Math.floor(percent / notifyEvery) > Math.floor(notified / notifyEvery)) {
      notified = percent;
      const notice = progressNotice(db, task.id, savedAt);
      await notice.run().catch(() => undefined); // A notification that fails must not fail the task.
    }
  };
  return {
    save,
    task: {
      ...task,
      lease: token,
      async progress(percent, step, totalSteps) {
        const whole = Math.round(Math.min(Math.max(percent, 0), 100));
        const words = step === undefined ? null : cutText(step, MAX_STEP_CHARACTERS);
        unsaved = { percent: whole, step: words, total_steps: totalSteps ?? null };
        if (!isRecent(toldAt, TELL_EVERY_MS, clock())) {
          toldAt = clock();
          tell(whole, words);
        }
        const rest = Math.max(SAVE_EVERY_MS, (clock() - begunAt) / SAVES_OF_A_MINUTE);
        if (!isRecent(savedAt, rest, clock())) {
          await save();
        }
        // Locally D1 and R2 are on this very thread, which is never idle otherwise: requests, the heartbeat
        // and the watch for a cancel would wait until a long walk has ended.
        await scheduler.wait(0);
      },
      async step<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
        if (!STEP_NAME.test(name)) {
          throw new Error(`Not a step's name: ${JSON.stringify(name)}`);
        }
        if (steps.has(name)) {
          return steps.get(name) as Result;
        }
        const result = await run();
        const text = JSON.stringify(result ?? null);
        if (isLonger(text, MAX_JSON_CHARACTERS)) {
          throw new Error(`The result of step ${name} is over ${MAX_JSON_CHARACTERS} characters`);
        }
        finished += sizeOf(text);
        if (finished > MAX_STEPS_BYTES) {
          throw new Error(`The results of its steps are over ${MAX_STEPS_BYTES} bytes`);
        }
        await write(SAVE_STEP.on(db, { ...own, name, result: text }));
        steps.set(name, result);
        return result;
      },
      async saveCheckpoint(checkpoint) {
        const text = JSON.stringify(checkpoint ?? null);
        if (sizeOf(text) > MAX_CHECKPOINT_BYTES) {
          throw new Error(`The checkpoint is over ${MAX_CHECKPOINT_BYTES} bytes`);
        }
        await write(SAVE_CHECKPOINT.on(db, { ...own, checkpoint: text }));
      },
    },
  };
}
