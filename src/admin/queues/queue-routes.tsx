import { type Context, Hono } from "hono";
import { audit } from "../../audit/audit";
import { callerId, can } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import { namesOf } from "../../auth/people/names";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { AppError } from "../../http/errors";
import type { Engine } from "../../tasks/model/engine";
import { pauseQueue, resumeQueue } from "../../tasks/commands/pause-queue";
import { DEAD_LETTERS, lanesOf, queueOf } from "../../tasks/model/queues";
import { lookAtFailures } from "../../tasks/statistics/troubles";
import { DEAD_LETTER, type QueueView, readQueues } from "../dashboard/dashboard-data";
import { readForm } from "../shared/form-text";
import { readReason } from "../shared/components/reason-field";
import { PausePage, ResumePage } from "./queue-action";
import { QueuesPage } from "./queues";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

/** The queues, mounted at /admin/queues. */
export function queuePages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });

  routes.get("/", requireScope("tasks:read"), async (c) => {
    const now = Date.now();
    const [queues, failures, deadMessages] = await Promise.all([
      readQueues(c.env, engine, now),
      lookAtFailures(c.env.DB, { shown: 0 }),
      waitingDeadLetters(c.env),
    ]);
    const names = await namesOf(c.env.DB, whoPaused(queues));
    const props = {
      view: viewOf(c),
      now,
      queues,
      names,
      tasksOf: (queue: string) => engine.all().filter((task) => task.queue === queue),
      deadLetters: failures.errors.find(({ code }) => code === DEAD_LETTER) ?? null,
      deadMessages,
      mayWrite: can(assertCaller(c.var.caller), "tasks:write"),
    };
    return renderPage(c, <QueuesPage {...props} />);
  });

  routes.get("/:queue/pauses", requireScope("tasks:write"), (c) => {
    return renderPage(c, <PausePage view={viewOf(c)} queue={knownQueue(c)} />);
  });

  routes.post("/:queue/pauses", requireScope("tasks:write"), limitBody(), async (c) => {
    const queue = knownQueue(c);
    const { reason, wrong } = readReason((await readForm(c))["reason"]);
    if (reason === undefined) {
      return renderPage(c, <PausePage view={viewOf(c)} queue={queue} wrongReason={wrong} />, 400);
    }
    const by = callerId(assertCaller(c.var.caller));
    if (await pauseQueue(c.env, { queue, since: Date.now(), by, reason })) {
      await audit(c, "queue.pause", queue, { reason });
    }
    return c.redirect(`/admin/queues?paused=${encodeURIComponent(queue)}`, 303);
  });

  routes.get("/:queue/resumptions", requireScope("tasks:write"), (c) => {
    return renderPage(c, <ResumePage view={viewOf(c)} queue={knownQueue(c)} />);
  });

  routes.post("/:queue/resumptions", requireScope("tasks:write"), async (c) => {
    await readForm(c);
    const queue = knownQueue(c);
    if (await resumeQueue(c.env, queue)) {
      await audit(c, "queue.resume", queue);
    }
    return c.redirect(`/admin/queues?resumed=${encodeURIComponent(queue)}`, 303);
  });

  return routes;
}

function knownQueue(c: Context<AppEnv>): string {
  const queue = c.req.param("queue") ?? "";
  if (!lanesOf(c.env).includes(queue)) {
    throw new AppError(404, "queue_not_found", `There is no queue ${queue}`);
  }
  return queue;
}

function whoPaused(queues: readonly QueueView[]): string[] {
  return [...new Set(queues.flatMap(({ backlog: { pause } }) => (pause ? [pause.by] : [])))];
}

/** Messages the platform gave up on that were not looked at yet; null when it does not say. */
async function waitingDeadLetters(env: Env): Promise<number | null> {
  const metrics = await queueOf(env, DEAD_LETTERS)
    .metrics()
    .catch(() => null);
  return metrics?.backlogCount ?? null;
}
