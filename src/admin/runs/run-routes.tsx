import { type Context, Hono } from "hono";
import { audit } from "../../audit/audit";
import { callerId, can } from "../../caller";
import { assertCaller, requireScope } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { isRecord } from "../../lib/record";
import type { TaskDefinition } from "../../tasks/model/define";
import type { Engine } from "../../tasks/model/engine";
import { MAX_DELAY_SECONDS } from "../../tasks/api/run-routes";
import {
  layOver,
  mayStart,
  overridesOf,
  runnable,
  startable,
} from "../../tasks/commands/startable";
import { startTask } from "../../tasks/accepting/start";
import { listTemplateSummaries, type Template } from "../../tasks/templates/templates";
import { formText, readForm } from "../shared/form-text";
import { fieldId, inputFields, inputTexts, readInputForm } from "./input-form";
import { RunPage } from "./run";
import { RunListPage } from "./run-list";
import { renderPage } from "../shared/render";
import { templatePages } from "./template-routes";
import { viewOf } from "../shared/view";

/** An input as large as a task may have, in a form's clothes. */
const MAX_FORM_BYTES = 262_144;

/** Tasks and templates one may start, mounted at /admin/run. */
export function runPages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  const named = (c: Context<AppEnv>, name: string) =>
    runnable(c.env.DB, engine, name, assertCaller(c.var.caller));

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

  routes.get("/tasks/:name", requireScope("tasks:write"), (c) =>
    showForm(c, startable(engine, c.req.param("name"), assertCaller(c.var.caller)), null),
  );

  routes.post("/tasks/:name", requireScope("tasks:write"), limitBody(MAX_FORM_BYTES), (c) =>
    start(c, startable(engine, c.req.param("name"), assertCaller(c.var.caller)), null),
  );

  routes.get("/templates/:name/runs", requireScope("tasks:write"), async (c) => {
    const { definition, template } = await named(c, c.req.param("name"));
    return showForm(c, definition, template);
  });

  routes.post(
    "/templates/:name/runs",
    requireScope("tasks:write"),
    limitBody(MAX_FORM_BYTES),
    async (c) => {
      const { definition, template } = await named(c, c.req.param("name"));
      return start(c, definition, template);
    },
  );

  routes.route("/templates", templatePages(engine));
  return routes;
}

function showForm(c: Context<AppEnv>, definition: TaskDefinition, template: Template | null) {
  const fields = inputFields(definition.input);
  const hasDefaults = template !== null && Object.keys(template.defaults).length > 0;
  const begin = hasDefaults ? template.defaults : definition.example;
  const values = inputTexts(fields, begin ?? {});
  const props = { view: viewOf(c), definition, template, fields, values, problems: {} };
  return renderPage(c, <RunPage {...props} />);
}

async function start(c: Context<AppEnv>, definition: TaskDefinition, template: Template | null) {
  const view = viewOf(c);
  const fields = inputFields(definition.input);
  const ids = [...fields.map(({ name }) => fieldId(name)), "delay_seconds"];
  const form = await readForm(c, ids);
  const typed = (id: string) => formText(form, id);
  const problems: Record<string, string> = {};

  const { input, unreadable } = readInputForm(fields, typed);
  for (const name of unreadable) {
    problems[fieldId(name)] = view.t("run.badJson");
  }
  if (template !== null && !isRecord(input)) {
    problems[fieldId("")] ??= view.t("run.badObject");
  }
  const delay = Number(typed("delay_seconds").trim().replace(",", "."));
  if (!(delay >= 0 && delay <= MAX_DELAY_SECONDS)) {
    problems["delay_seconds"] = view.t("run.badDelay");
  }
  if (Object.keys(problems).length === 0) {
    const caller = assertCaller(c.var.caller);
    const whole = template === null ? input : layOver(template.defaults, input);
    const started = await startTask(c.env, definition, whole, {
      user: callerId(caller),
      delayMs: Math.round(delay * 1000),
      ...(template && { template: overridesOf(template) }),
    });
    if (typeof started === "string") {
      const detail = { task_name: definition.name, ...(template && { template: template.name }) };
      await audit(c, "task.run", started, detail);
      return c.redirect(`/admin/tasks/${encodeURIComponent(started)}`, 303);
    }
    const [member = "", ...path] = started.field.split(".");
    const isField = fields.some(({ name }) => name === member);
    const where = isField ? path.join(".") : started.field;
    problems[isField ? fieldId(member) : "all"] =
      where === "" ? started.message : `${where}: ${started.message}`;
  }
  const values = Object.fromEntries(ids.map((id) => [id, typed(id)]));
  const props = { view, definition, template, fields, values, problems };
  return renderPage(c, <RunPage {...props} />, 400);
}
