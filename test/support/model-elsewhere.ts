import { startTracking } from "../../src/tasks/tracked/tracked";
import { finishTracking, reportProgress } from "../../src/tasks/tracked/tracked-reports";
import { isRefused } from "../../src/lib/result";
import { isFinal } from "../../src/tasks/model/states";
import { taskOf } from "./engine";
import type { Life, Report } from "./model-plans";

interface Work {
  id: string;
  life: Life;
  timeoutMs: number;
  /** `isPending` says that it was registered ahead, and that nothing was heard of it yet. */
  isPending: boolean;
  reportedAt: number;
}

const DAY_MS = 86_400_000;

/** Elsewhere is work that runs elsewhere and reports, or does not. */
export class Elsewhere {
  readonly works: Work[] = [];
  readonly #env: Env;
  readonly #name = crypto.randomUUID();

  constructor(env: Env) {
    this.#env = env;
  }

  /**
   * Starts work under one of a few names, so that names come again. Returns the id of the task if
   * it is new.
   */
  async start(name: number, timeoutMs: number, lives: Life[]): Promise<string | undefined> {
    const life: Life = { plan: { kind: "tracked" }, runs: 0, taken: [] };
    const isPending = name % 2 === 1;
    const tracking = await startTracking(this.#env, {
      externalId: `${this.#name} ${name}`,
      name: "model.tracked",
      module: "elsewhere",
      description: "",
      user: null,
      timeoutMs,
      isPending,
      context: JSON.stringify({ n: lives.length }),
    });
    if (isRefused(tracking) || !tracking.created) {
      return undefined;
    }
    lives.push(life);
    const { id } = tracking.task;
    this.works.push({ id, life, timeoutMs, isPending, reportedAt: Date.now() });
    return id;
  }

  /** Reports, and returns the id of the task if it had ended before. */
  async report(place: number, report: Report): Promise<string | undefined> {
    const work = this.works[place % Math.max(1, this.works.length)];
    if (!work) {
      return undefined;
    }
    const task = await taskOf(work.id);
    const answer =
      report === "progress"
        ? await reportProgress(this.#env, task, { percent: 50, step: "half way" })
        : report === "done"
          ? await finishTracking(this.#env, task, { status: "SUCCESS", result: 1 })
          : await finishTracking(this.#env, task, {
              status: "FAILURE",
              message: "no",
              result: undefined,
            });
    if ((answer === "done") === isFinal(task.status)) {
      throw new Error(`a report to ${task.status} was answered ${JSON.stringify(answer)}`);
    }
    if (answer !== "done") {
      return work.id;
    }
    work.reportedAt = Date.now();
    work.isPending = false;
    if (report !== "progress") {
      work.life.taken.push(report);
    }
    return undefined;
  }

  /** Tells whether the task may have been given up for lost at that time. */
  isSilent(id: string, at: number): boolean {
    const work = this.works.find((one) => one.id === id);
    if (!work) {
      return false;
    }
    const { reportedAt, timeoutMs, isPending } = work;
    return at >= reportedAt + (isPending ? Math.max(timeoutMs, DAY_MS) : timeoutMs);
  }
}
