import { type Context, Hono } from "hono";
import { actingOf } from "../../audit/audit";
import { can } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import { namesOf } from "../../auth/people/names";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { isRefused } from "../../lib/result";
import type { Engine } from "../../tasks/model/engine";
import { knownQueue, pause, resume } from "../../tasks/commands/act-on-queue";
import { granted } from "../../tasks/commands/refusals";
import { DEAD_LETTERS, producerOf } from "../../tasks/model/queues";
import { lookAtFailures } from "../../tasks/statistics/troubles";
import { DEAD_LETTER, type QueueView, readQueues } from "./read-queues";
import { formText, readForm } from "../shared/form-text";
import { PausePage, ResumePage } from "./queue-action";
import { QueuesPage } from "./queues";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

/** The queues are mounted at /admin/queues. */
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

  const named = (c: Context<AppEnv>) => granted(knownQueue(c.env, c.req.param("queue") ?? ""));

  routes.get("/:queue/pauses", requireScope("tasks:write"), (c) => {
    return renderPage(c, <PausePage view={viewOf(c)} queue={named(c)} />);
  });

  routes.post("/:queue/pauses", requireScope("tasks:write"), limitBody(), async (c) => {
    const queue = named(c);
    const reason = formText(await readForm(c), "reason").trim();
    const paused = await pause(actingOf(c), queue, reason);
    if (isRefused(paused) && paused.why.kind === "bad_reason") {
      return renderPage(c, <PausePage view={viewOf(c)} queue={queue} wrongReason={reason} />, 400);
    }
    return c.redirect(`/admin/queues?paused=${encodeURIComponent(granted(paused))}`, 303);
  });

  routes.get("/:queue/resumptions", requireScope("tasks:write"), (c) => {
    return renderPage(c, <ResumePage view={viewOf(c)} queue={named(c)} />);
  });

  routes.post("/:queue/resumptions", requireScope("tasks:write"), async (c) => {
    await readForm(c);
    const queue = granted(await resume(actingOf(c), named(c)));
    return c.redirect(`/admin/queues?resumed=${encodeURIComponent(queue)}`, 303);
  });

  return routes;
}

function whoPaused(queues: readonly QueueView[]): string[] {
  return [...new Set(queues.flatMap(({ backlog: { pause } }) => (pause ? [pause.by] : [])))];
}

/** Returns how many dead messages nobody has looked at yet; null when the platform does not say. */
async function waitingDeadLetters(env: Env): Promise<number | null> {
  const metrics = await producerOf(env, DEAD_LETTERS)
    .metrics()
    .catch(() => null);
  return metrics?.backlogCount ?? null;
}
