import { type Context, Hono } from "hono";
import { can } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { isRecord } from "../../lib/record";
import { isRefused } from "../../lib/result";
import type { Engine } from "../../tasks/model/engine";
import { operatorOf } from "../../tasks/commands/operator";
import { granted } from "../../tasks/commands/refusals";
import { MAX_DELAY_SECONDS, runTask } from "../../tasks/commands/run-task";
import {
  mayStart,
  type Startable,
  startable,
  startableTemplate,
} from "../../tasks/commands/startable";
import { listTemplateSummaries } from "../../tasks/templates/templates";
import { formText, readForm } from "../shared/form-text";
import { fieldId, inputTexts, readInputForm } from "./input-form";
import { inputFields } from "./input-schema";
import { RunPage } from "./run";
import { RunListPage } from "./run-list";
import { renderPage } from "../shared/render";
import { templatePages } from "./template-routes";
import { viewOf } from "../shared/view";
import { runsWords } from "./words";

/** MAX_FORM_BYTES fits the largest input of a task, form-encoded. */
const MAX_FORM_BYTES = 262_144;

/** The tasks and templates that a person may start are mounted at /admin/run. */
export function runPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  const task = (c: Context<AppEnv>): Startable => {
    const { caller } = operatorOf(c, engine);
    const definition = granted(startable(engine, c.req.param("name") ?? "", caller));
    return { definition, template: null };
  };
  const template = async (c: Context<AppEnv>): Promise<Startable> => {
    const { caller } = operatorOf(c, engine);
    return granted(await startableTemplate(c.env.DB, engine, c.req.param("name") ?? "", caller));
  };

  routes.get("/", requireScope("tasks:read"), async (c) => {
    const caller = assertCaller(c.var.caller);
    const templates = await listTemplateSummaries(c.env.DB);
    const mayWrite = can(caller, "tasks:write");
    const tasks = engine.all().map((definition) => ({
      definition,
      attempts: definition.retry(c.env).attempts,
      mayStart: mayWrite && mayStart(definition, caller),
    }));
    const props = { view: viewOf(c), tasks, templates, mayWrite };
    return renderPage(c, <RunListPage {...props} />);
  });

  for (const [path, find] of [
    ["/tasks/:name", task],
    ["/templates/:name/runs", template],
  ] as const) {
    routes.use(path, requireScope("tasks:write"));
    routes.get(path, async (c) => showForm(c, await find(c)));
    routes.post(path, limitBody(MAX_FORM_BYTES), async (c) => start(c, engine, await find(c)));
  }

  routes.route("/templates", templatePages(engine));
  return routes;
}

function showForm(c: Context<AppEnv>, { definition, template }: Startable) {
  const fields = inputFields(definition.input);
  const hasDefaults = template !== null && Object.keys(template.defaults).length > 0;
  const begin = hasDefaults ? template.defaults : definition.example;
  const values = inputTexts(fields, begin ?? {});
  const props = { view: viewOf(c), definition, template, fields, values, problems: {} };
  return renderPage(c, <RunPage {...props} />);
}

async function start(c: Context<AppEnv>, engine: Engine, what: Startable) {
  const { definition, template } = what;
  const view = viewOf(c);
  const t = runsWords(view);
  const fields = inputFields(definition.input);
  const ids = [...fields.map(({ name }) => fieldId(name)), "delay_seconds"];
  const form = await readForm(c, ids);
  const typed = (id: string) => formText(form, id);
  const problems: Record<string, string> = {};

  const { input, unreadable } = readInputForm(fields, typed);
  for (const name of unreadable) {
    problems[fieldId(name)] = t("run.badJson");
  }
  if (template !== null && !isRecord(input)) {
    problems[fieldId("")] ??= t("run.badObject");
  }
  const delay = Number(typed("delay_seconds").trim().replace(",", "."));
  if (!(delay >= 0 && delay <= MAX_DELAY_SECONDS)) {
    problems["delay_seconds"] = t("run.badDelay");
  }
  if (Object.keys(problems).length === 0) {
    const started = await runTask(operatorOf(c, engine), what, input, delay);
    if (!isRefused(started) || started.why.kind !== "bad_input") {
      return c.redirect(`/admin/tasks/${encodeURIComponent(granted(started))}`, 303);
    }
    const { field, message } = started.why;
    const [member = "", ...path] = field.split(".");
    const isField = fields.some(({ name }) => name === member);
    const where = isField ? path.join(".") : field;
    problems[isField ? fieldId(member) : "all"] = where === "" ? message : `${where}: ${message}`;
  }
  const values = Object.fromEntries(ids.map((id) => [id, typed(id)]));
  const props = { view, definition, template, fields, values, problems };
  return renderPage(c, <RunPage {...props} />, 400);
}
