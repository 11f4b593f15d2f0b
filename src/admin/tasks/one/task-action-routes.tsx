import { type Context, Hono } from "hono";
import { assertCaller, requireScope } from "../../../http/require";
import type { AppEnv } from "../../../http/app-env";
import { limitBody } from "../../../http/body-limit";
import { isRefused } from "../../../lib/result";
import { actOnTask } from "../../../tasks/commands/act-on-task";
import { operatorOf } from "../../../tasks/commands/operator";
import type { Engine } from "../../../tasks/model/engine";
import { factsOf } from "../../../tasks/reading/execution";
import { mayCancel } from "../../../tasks/commands/permissions";
import { granted, problemOf } from "../../../tasks/commands/refusals";
import { formText, readForm } from "../../shared/form-text";
import { findTask } from "./find-task";
import { type ConfirmedAction, TaskActionPage } from "./task-action";
import { renderPage } from "../../shared/render";
import { viewOf } from "../../shared/view";

const PATHS = [
  ["/retries", "retry"],
  ["/cancellations", "cancel"],
  ["/discards", "discard"],
] as const;

/** The confirmed actions on one task are mounted at /admin/tasks/:id. */
export function taskActionPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });

  const ask = async (
    c: Context<AppEnv>,
    action: ConfirmedAction,
    problem: Pick<Parameters<typeof TaskActionPage>[0], "forbidden" | "wrongReason"> = {},
  ) => {
    const task = factsOf(await findTask(c), engine);
    const page = <TaskActionPage view={viewOf(c)} action={action} task={task} {...problem} />;
    const { forbidden, wrongReason } = problem;
    return renderPage(c, page, forbidden ? 409 : wrongReason === undefined ? 200 : 400);
  };

  for (const [path, action] of PATHS) {
    const allowed = action === "cancel" ? requireOwnOrScope : requireScope("tasks:write");
    routes.use(path, allowed);
    routes.get(path, (c) => ask(c, action));

    routes.post(path, limitBody(), async (c) => {
      const id = c.req.param("id") ?? "";
      const reason = formText(await readForm(c), "reason").trim();
      const done = await actOnTask(operatorOf(c, engine), action, id, reason);
      if (isRefused(done) && done.why.kind === "bad_reason") {
        return ask(c, action, { wrongReason: reason });
      }
      if (isRefused(done) && done.why.kind === "wrong_state") {
        return ask(c, action, { forbidden: done.why.status });
      }
      granted(done);
      return c.redirect(`/admin/tasks/${encodeURIComponent(id)}?done=${action}`, 303);
    });
  }
  return routes;
}

/** Answers 403 unless the task is the caller's own, or they may act on all. */
async function requireOwnOrScope(c: Context<AppEnv>, next: () => Promise<void>) {
  if (!mayCancel(await findTask(c), assertCaller(c.var.caller))) {
    throw problemOf({ kind: "needs_scope", scope: "tasks:write" });
  }
  await next();
}
