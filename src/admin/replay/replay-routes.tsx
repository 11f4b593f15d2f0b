import { type Context, Hono } from "hono";
import { requireScope } from "../../http/require";
import { namesOf } from "../../auth/people/names";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { parseAsSent } from "../../lib/exact-json";
import type { Engine } from "../../tasks/model/engine";
import { statusOf, factsOf } from "../../tasks/reading/execution";
import { isRefused, Refused, type Result } from "../../lib/result";
import { operatorOf } from "../../tasks/commands/operator";
import { granted } from "../../tasks/commands/refusals";
import { replay, replayable } from "../../tasks/commands/replay-task";
import type { TaskView } from "../../tasks/model/queries";
import { isFinal } from "../../tasks/model/states";
import { callersOf } from "../tasks/one/find-task";
import { formText, readForm } from "../shared/form-text";
import { findJsonError } from "./json-error";
import { type ReplayProblem, ReplayPage, warningOf } from "./replay";
import { prettyJson } from "../tasks/one/pretty-json";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

// An order may have 64 KiB, and form encoding makes a text up to three times as long.
const MAX_FORM_BYTES = 262_144;

/** Edit and send again is mounted at /admin/tasks/:id/replays. */
export function replayPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requireScope("tasks:write"));
  const asked = async (c: Context<AppEnv>) =>
    granted(await replayable(operatorOf(c, engine), c.req.param("id") ?? ""));

  routes.get("/", async (c) => {
    const { task } = await asked(c);
    const input = prettyJson(parseAsSent(task.input));
    const status = statusOf(task);
    return isFinal(status)
      ? show(c, engine, task, input)
      : show(c, engine, task, input, { kind: "state", status });
  });

  routes.post("/", limitBody(MAX_FORM_BYTES), async (c) => {
    const original = await asked(c);
    const { task, definition } = original;
    const form = await readForm(c);
    const text = formText(form, "input").replaceAll("\r\n", "\n").trim();
    const error = findJsonError(text);
    if (error) {
      return show(c, engine, task, text, { kind: "syntax", error });
    }
    const read = readDeep(text);
    if (isRefused(read)) {
      const refusal = { field: "", message: "it is nested too deeply to be read" };
      return show(c, engine, task, text, { kind: "refused", refusal });
    }
    const reason = definition.check?.(text);
    if (reason && formText(form, "anyway") !== warningOf(reason)) {
      return show(c, engine, task, text, { kind: "warning", reason });
    }
    const id = await replay(operatorOf(c, engine), original, read.input);
    if (isRefused(id) && id.why.kind === "bad_input") {
      return show(c, engine, task, text, { kind: "refused", refusal: id.why });
    }
    if (isRefused(id) && id.why.kind === "wrong_state") {
      return show(c, engine, task, text, { kind: "state", status: id.why.status });
    }
    return c.redirect(`/admin/tasks/${granted(id)}?done=replay`, 303);
  });
  return routes;
}

/** Reading and writing take a call per level, and the stack has its end. */
function readDeep(text: string): Result<{ input: unknown }, "too_deep"> {
  try {
    const input = parseAsSent(text);
    JSON.stringify(input);
    return { input };
  } catch (error) {
    if (error instanceof RangeError) {
      return new Refused("too_deep");
    }
    throw error;
  }
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
