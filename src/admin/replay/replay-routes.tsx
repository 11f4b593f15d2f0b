import { type Context, Hono } from "hono";
import { audit } from "../../audit/audit";
import { callerId } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import { namesOf } from "../../auth/people/names";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { parseAsSent } from "../../lib/exact-json";
import type { TaskDefinition } from "../../tasks/model/define";
import type { Engine } from "../../tasks/model/engine";
import { statusOf, factsOf } from "../../tasks/reading/execution";
import type { TaskView } from "../../tasks/model/queries";
import { replayTask } from "../../tasks/commands/replay";
import { startable } from "../../tasks/commands/startable";
import { isFinal } from "../../tasks/model/states";
import { callersOf, findTask } from "../tasks/find-task";
import { formText, readForm } from "../shared/form-text";
import { findJsonError } from "./json-error";
import { type ReplayProblem, ReplayPage, warningOf } from "./replay";
import { prettyJson } from "../tasks/pretty-json";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

// An order may have 64 KiB, and a form's text is up to three times as long.
const MAX_FORM_BYTES = 262_144;

/** Edit and send again, mounted at /admin/tasks/:id/replays. */
export function replayPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requireScope("tasks:write"));

  routes.get("/", async (c) => {
    const task = await findTask(c);
    definitionOf(c, engine, task);
    const input = prettyJson(parseAsSent(task.input));
    const status = statusOf(task);
    return isFinal(status)
      ? show(c, engine, task, input)
      : show(c, engine, task, input, { kind: "state", status });
  });

  routes.post("/", limitBody(MAX_FORM_BYTES), async (c) => {
    const task = await findTask(c);
    const definition = definitionOf(c, engine, task);
    const form = await readForm(c);
    const text = formText(form, "input").replaceAll("\r\n", "\n").trim();
    const error = findJsonError(text);
    if (error) {
      return show(c, engine, task, text, { kind: "syntax", error });
    }
    const input = readDeep(text);
    if (input === TOO_DEEP) {
      const refusal = { field: "", message: "it is nested too deeply to be read" };
      return show(c, engine, task, text, { kind: "refused", refusal });
    }
    const reason = definition.check?.(text);
    if (reason && formText(form, "anyway") !== warningOf(reason)) {
      return show(c, engine, task, text, { kind: "warning", reason });
    }
    const by = callerId(assertCaller(c.var.caller));
    const replayed = await replayTask(c.env, engine, { task, definition }, input, by);
    if ("field" in replayed) {
      return show(c, engine, task, text, { kind: "refused", refusal: replayed });
    }
    if ("status" in replayed) {
      return show(c, engine, task, text, { kind: "state", status: replayed.status });
    }
    await audit(c, "task.replay", task.id, { as: replayed.taskId });
    return c.redirect(`/admin/tasks/${replayed.taskId}?done=replay`, 303);
  });
  return routes;
}

const TOO_DEEP = Symbol("too deep");

/** Reading and writing take a call per level, and the stack has its end. */
function readDeep(text: string): unknown {
  try {
    const input = parseAsSent(text);
    JSON.stringify(input);
    return input;
  } catch (error) {
    if (error instanceof RangeError) {
      return TOO_DEEP;
    }
    throw error;
  }
}

/** Throws 404 for what cannot be started, 403 for what this person may not start. */
function definitionOf(c: Context<AppEnv>, engine: Engine, task: TaskView): TaskDefinition {
  return startable(engine, task.name, assertCaller(c.var.caller));
}

async function show(
  c: Context<AppEnv>,
  engine: Engine,
  task: TaskView,
  input: string,
  problem?: ReplayProblem,
) {
  const execution = factsOf(task, engine);
  const names = await namesOf(c.env.DB, callersOf(execution));
  const props = { view: viewOf(c), task: execution, names, input, problem };
  const status = problem === undefined ? 200 : problem.kind === "state" ? 409 : 422;
  return renderPage(c, <ReplayPage {...props} />, status);
}
