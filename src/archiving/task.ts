/**
 * This task takes history out of D1. Each day that is due goes through write -> read back and
 * compare -> enter in the manifest -> delete what the registry confirms. A repeat of a step has no
 * effect. A crash anywhere leaves rows, or rows and copies. The task steps back while orders wait.
 */
import { z } from "zod";
import { type GenerationKey, prefixOf, recordsKey } from "../archive/keys";
import { enterGeneration, releaseGeneration, reserveGeneration } from "../archive/manifest";
import { DamagedError, readIndex, readMember } from "../archive/read";
import type { TaskRecord } from "../archive/record";
import { configOf } from "../config";
import { retryD1 } from "../db/retry";
import { sql } from "../db/sql";
import { PartWriter, type Written } from "../exports/part-writer";
import { abortUpload, isLostUpload } from "../exports/upload";
import { idBeside } from "../lib/ids";
import { log } from "../log";
import type { Outcome, RunContext, RunningTask, SingleTask } from "../tasks/model/define";
import { OPEN } from "../tasks/model/states";
import { Slice } from "../tasks/running/slice";
import { deleteArchived } from "./delete";
import { type Due, nextDue } from "./due";
import { proveObject, putIndex } from "./prove";
import { type MemberPlace, nextMember } from "./write";

const PART_BYTES = 5 * 1024 * 1024;
/** A busier day has several generations, as an index must fit the memory of whoever reads it. */
const MAX_MEMBERS = 200;
/** This many tasks are deleted in a minute at most; an order is two rows. */
const PER_MINUTE = 30_000;
/** Archiving waits while this many orders are due. */
const BUSY = 200;
const STEP_BACK_MS = 15_000;

interface Position {
  /** The id to go on from. */
  from: string;
  places: MemberPlace[];
}

/** Progress says where the task is. */
interface Progress {
  done: { generations: number; archived: number; deleted: number; bytes: number };
  /** The id behind the last day that is done; null before the first. */
  after: string | null;
  /** The day that it is at; null between days. */
  at: (Due & { key: GenerationKey; step: Step }) | null;
}

type Step =
  | { name: "write"; written: Written<Position> }
  | { name: "prove"; places: MemberPlace[] }
  | { name: "delete"; member: number };

const START: Progress = {
  done: { generations: 0, archived: 0, deleted: 0, bytes: 0 },
  after: null,
  at: null,
};
/**
 * The task waits for the registry this often. Then what the registry does not confirm stays in D1
 * until another day.
 */
const MAX_UNCONFIRMED = 40;

/** Why is the reason for a run to end before its work. */
type Why = "slice" | keyof typeof WAITS;
const WAITS = {
  busy: { code: "archive_stepped_back", message: "Orders wait: they go first" },
  unconfirmed: {
    code: "archive_unconfirmed",
    message: "The registry does not confirm every order as stored: none of these is deleted",
  },
};

/** Defines the archiving task; other sizes than its own are for tests. */
export function defineArchiving({
  maxMembers = MAX_MEMBERS,
  perMinute = PER_MINUTE,
  sliceMs,
}: { maxMembers?: number; perMinute?: number; sliceMs?: number } = {}): SingleTask<object> {
  return {
    kind: "single",
    name: "system.archive",
    module: "system",
    description: "Pasa las tareas terminadas hace tiempo, con sus pedidos, al archivo",
    queue: "tasks",
    input: z.strictObject({}),
    retry: () => ({ attempts: 5, baseMs: 30_000, maxMs: 600_000 }),
    deferral: { baseMs: STEP_BACK_MS, maxMs: 300_000 },
    timeoutMs: 5 * 60_000,
    startedBy: "admin",

    async run(task, context) {
      const { env } = context;
      const run = new Archiving(task, context, maxMembers, perMinute, sliceMs);
      try {
        return await run.go();
      } catch (error) {
        if (error instanceof DamagedError) {
          log.error("archive.damaged", { taskId: task.id, ...error.damage });
          await discard(env, run.at, task.id);
          const { day, generation, why } = error.damage;
          const reason = { code: "archive_damaged", message: error.message };
          return { kind: "reject", reason: { ...reason, detail: { day, generation, why } } };
        }
        throw error;
      }
    },

    onRevoke: (task, env) => discard(env, progressOf(task).at, task.id),
  };
}

function progressOf({ checkpoint }: Pick<RunningTask<object>, "checkpoint">): Progress {
  return (checkpoint as Progress | null) ?? START;
}

/** A generation that is not in the manifest yet leaves nothing; of one that is, rows may be gone. */
async function discard(env: Env, at: Progress["at"], taskId: string): Promise<void> {
  if (at && (await releaseGeneration(env.DB, at.key, taskId))) {
    const { upload } = at.step.name === "write" ? at.step.written : {};
    if (upload) {
      await abortUpload(env.FILES, recordsKey(at.key), upload.id);
    }
    const { objects } = await env.FILES.list({ prefix: prefixOf(at.key) });
    await env.FILES.delete(objects.map(({ key }) => key));
  }
}

const WAITING = sql(`
SELECT count(*) AS n FROM (SELECT 1 FROM tasks INDEXED BY tasks_open
  WHERE queue = 'orders' AND ${OPEN} AND check_at <= :now LIMIT ${BUSY})`);

class Archiving {
  #progress: Progress;
  readonly #slice: Slice;

  constructor(
    readonly task: RunningTask<object>,
    readonly context: RunContext,
    readonly maxMembers: number,
    readonly perMinute: number,
    sliceMs?: number,
  ) {
    this.#progress = progressOf(task);
    this.#slice = new Slice(context.clock, sliceMs);
  }

  get at(): Progress["at"] {
    return this.#progress.at;
  }

  async go(): Promise<Outcome> {
    const { env, clock, signal } = this.context;
    for (;;) {
      signal.throwIfAborted();
      const { at, done, after } = this.#progress;
      if (at === null) {
        const { historyMs, historyMaxBytes: maxBytes } = configOf(env);
        const due = await nextDue(env.DB, { historyMs, maxBytes }, clock(), after ?? undefined);
        if (due === null) {
          return { kind: "done", result: done };
        }
        const day = { kind: "tasks" as const, day: due.day };
        const key = await reserveGeneration(env.DB, day, this.task.id, clock());
        const position = { from: due.from, places: [] };
        const written = { upload: null, carry: "", position, ended: false };
        await this.#save({ at: { ...due, key, step: { name: "write", written } } });
      } else {
        const outcome = await this.#step(at, at.step);
        if (outcome) {
          return outcome;
        }
      }
    }
  }

  #step(at: NonNullable<Progress["at"]>, step: Step): Promise<Outcome | null> {
    switch (step.name) {
      case "write":
        return this.#write(at, step.written);
      case "prove":
        return this.#prove(at, step.places);
      case "delete":
        return this.#delete(at, step.member);
      default:
        throw new Error(`Not a step: ${JSON.stringify(step satisfies never)}`);
    }
  }

  async #write(
    at: NonNullable<Progress["at"]>,
    written: Written<Position>,
  ): Promise<Outcome | null> {
    const { env, engine, signal } = this.context;
    const httpMetadata = { contentType: "application/gzip" };
    const target = { files: env.FILES, key: recordsKey(at.key), httpMetadata };
    const saved = (now: Written<Position>) =>
      this.#save({ at: { ...at, step: { name: "write", written: now } } });
    const writer = new PartWriter(target, written, PART_BYTES, saved);
    try {
      await writer.resume();
      let { position } = written;
      while (!written.ended && position.places.length < this.maxMembers) {
        signal.throwIfAborted();
        const { offset, length } = position.places.at(-1) ?? { offset: 0, length: 0 };
        const due = { ...at, from: position.from };
        const next = await nextMember(env.DB, due, engine, offset + length);
        if (next === null) {
          break;
        }
        position = { from: idBeside(next.last, 1), places: [...position.places, next.place] };
        await writer.write(next.bytes, position);
        this.#slice.turn();
        await this.#tell(at, "write", position.places.length);
        const why = await this.#whyStop();
        if (why) {
          await saved(await writer.pause(position));
          return this.#stop(why);
        }
      }
      if (position.places.length === 0) {
        await this.#leave(at);
        return null;
      }
      await writer.end(position);
      await this.#save({ at: { ...at, step: { name: "prove", places: position.places } } });
      return null;
    } catch (error) {
      if (!isLostUpload(error)) {
        throw error;
      }
      const { upload } = writer.saved;
      const none = {
        upload: null,
        carry: "",
        position: { from: at.from, places: [] },
        ended: false,
      };
      await this.#save({ at: { ...at, step: { name: "write", written: none } } });
      if (upload !== null) {
        await abortUpload(env.FILES, target.key, upload.id);
      }
      return { kind: "retry", reason: { code: "upload_lost", message: String(error) } };
    }
  }

  async #prove(at: NonNullable<Progress["at"]>, places: MemberPlace[]): Promise<Outcome | null> {
    const { env, clock } = this.context;
    const index = await proveObject(env, at.key, places, clock());
    await putIndex(env.FILES, index);
    await retryD1(env.DB, () => enterGeneration(env.DB, index, this.task.id, clock()).run());
    const archived = index.members.reduce((sum, { records }) => sum + records, 0);
    const { done } = this.#progress;
    await this.#save({
      done: {
        ...done,
        generations: done.generations + 1,
        archived: done.archived + archived,
        bytes: done.bytes + index.bytes,
      },
      at: { ...at, step: { name: "delete", member: 0 } },
    });
    return null;
  }

  async #delete(at: NonNullable<Progress["at"]>, member: number): Promise<Outcome | null> {
    const { env, clock, signal } = this.context;
    const { members } = await readIndex(env.FILES, at.key);
    for (let next = member; next < members.length; next += 1) {
      const place = members[next];
      if (!place) {
        break;
      }
      signal.throwIfAborted();
      const since = clock();
      // The member's hash is compared once more, so that only what is there now is deleted.
      const records = await readMember<TaskRecord>(env.FILES, at.key, place);
      const { deleted, unconfirmed } = await deleteArchived(env, records);
      const { done } = this.#progress;
      if (unconfirmed > 0 && this.task.deferrals < MAX_UNCONFIRMED) {
        await this.#save({ done: { ...done, deleted: done.deleted + deleted } });
        return this.#stop("unconfirmed");
      }
      await this.#save({
        done: { ...done, deleted: done.deleted + deleted },
        at: { ...at, step: { name: "delete", member: next + 1 } },
      });
      this.#slice.turn();
      await this.#tell(at, "delete", next + 1, members.length);
      const why = await this.#whyStop();
      if (why) {
        return this.#stop(why);
      }
      const pace = (60_000 * deleted) / this.perMinute - (clock() - since);
      await scheduler.wait(Math.max(0, pace));
    }
    await this.#leave(at);
    return null;
  }

  /** Goes on behind what is done, within the day if it has more than a generation holds. */
  async #leave(at: NonNullable<Progress["at"]>): Promise<void> {
    const { env } = this.context;
    let after = at.before;
    if (at.step.name === "write") {
      await releaseGeneration(env.DB, at.key, this.task.id);
    } else {
      const { members } = await readIndex(env.FILES, at.key);
      const last = members.length < this.maxMembers ? undefined : members.at(-1);
      after = last ? idBeside(last.last_id, 1) : after;
    }
    await this.#save({ after, at: null });
  }

  async #whyStop(): Promise<Why | null> {
    if (this.#slice.isOver) {
      return "slice";
    }
    const { env, clock } = this.context;
    const waiting = await WAITING.on(env.DB, { now: clock() }).first<number>("n");
    return waiting === BUSY ? "busy" : null;
  }

  #stop(why: Why): Outcome {
    const checkpoint = this.#progress;
    return why === "slice"
      ? { kind: "continue", checkpoint }
      : { kind: "defer", reason: WAITS[why], delayMs: STEP_BACK_MS, checkpoint };
  }

  async #tell({ day }: Due, step: Step["name"], member: number, of?: number): Promise<void> {
    const share = of === undefined ? Math.min(1, member / this.maxMembers) : member / of;
    const percent = step === "write" ? 45 * share : 50 + 49 * share;
    await this.task.progress(
      percent,
      `${day}: ${step} ${member}${of === undefined ? "" : ` / ${of}`}`,
    );
  }

  async #save(change: Partial<Progress>): Promise<void> {
    const progress = { ...this.#progress, ...change };
    await this.task.saveCheckpoint(progress);
    this.#progress = progress;
  }
}

export const archiveHistory = defineArchiving();
