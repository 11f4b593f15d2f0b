import { type Context, Hono } from "hono";
import { audit } from "../../audit/audit";
import { callerId } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { actOn } from "../../tasks/commands/actions";
import type { Engine } from "../../tasks/model/engine";
import { factsOf } from "../../tasks/reading/execution";
import { assertMayCancel } from "../../tasks/commands/permissions";
import { noSuchTask } from "../../tasks/commands/refusals";
import { readForm } from "../shared/form-text";
import { type Reason, readReason } from "../shared/components/reason-field";
import { findTask } from "./find-task";
import { type ConfirmedAction, TaskActionPage } from "./task-action";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

const PATHS = [
  ["/retries", "retry"],
  ["/cancellations", "cancel"],
  ["/discards", "discard"],
] as const;

/** What is done to one task once it is confirmed, mounted at /admin/tasks/:id. */
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
      const form = await readForm(c);
      const { reason, wrong }: Reason = action === "discard" ? readReason(form["reason"]) : {};
      if (wrong !== undefined) {
        return ask(c, action, { wrongReason: wrong });
      }
      const by = callerId(assertCaller(c.var.caller));
      const result = await actOn(c.env, engine, action, id, { by, reason });
      if (result === "not_found") {
        throw noSuchTask(id);
      }
      if (result !== "done") {
        return ask(c, action, { forbidden: result.status });
      }
      await audit(c, `task.${action}`, id, reason === undefined ? undefined : { reason });
      return c.redirect(`/admin/tasks/${encodeURIComponent(id)}?done=${action}`, 303);
    });
  }
  return routes;
}

/** 403 unless the task is one's own or one may act on all. */
async function requireOwnOrScope(c: Context<AppEnv>, next: () => Promise<void>) {
  assertMayCancel(await findTask(c), assertCaller(c.var.caller));
  await next();
}
