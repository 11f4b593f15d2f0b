import { type Context, Hono } from "hono";
import { audit } from "../audit/audit";
import { assertCaller, requireScope } from "../auth/middleware";
import type { AppEnv } from "../http/app-env";
import { limitBody } from "../http/body-limit";
import { AppError } from "../http/errors";
import type { Engine } from "../tasks/engine";
import { mayStart, startable } from "../tasks/run-routes";
import { getTemplate, saveTemplate, type Template } from "../tasks/templates";
import { readForm } from "./form-text";
import { ConfirmPage } from "./pages/confirm";
import { TemplatePage } from "./pages/template";
import { renderPage } from "./render";
import {
  emptyTemplate,
  readTemplate,
  type TemplateProblems,
  templateTexts,
  type TemplateTexts,
  typedTemplate,
} from "./template-form";
import { viewOf } from "./view";

const MAX_FORM_BYTES = 262_144;

/** Making and changing templates, mounted at /admin/run/templates; /admin/run lists them. */
export function templatePages(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });
  routes.use(requireScope("tasks:write"));

  const render = (
    c: Context<AppEnv>,
    name: string | null,
    texts: TemplateTexts,
    problems: TemplateProblems = {},
  ) => {
    const caller = assertCaller(c.var.caller);
    const names = engine.all().flatMap((task) => (mayStart(task, caller) ? [task.name] : []));
    const props = { view: viewOf(c), tasks: names, name, texts, problems };
    return renderPage(c, <TemplatePage {...props} />, Object.keys(problems).length > 0 ? 400 : 200);
  };

  const save = async (c: Context<AppEnv>, name: string | null) => {
    const view = viewOf(c);
    const typed = typedTemplate(await readForm(c));
    const texts = name === null ? typed : { ...typed, name };
    const read = readTemplate(texts, view.t("run.badJson"));
    if ("problems" in read) {
      return render(c, name, texts, read.problems);
    }
    const { template } = read;
    if (name === null && (await getTemplate(c.env.DB, template.name))) {
      return render(c, name, texts, { name: view.t("templates.taken") });
    }
    startable(engine, template.taskName, assertCaller(c.var.caller));
    await saveTemplate(c.env.DB, template);
    await audit(c, "template.save", template.name, { task_name: template.taskName });
    return c.redirect(`/admin/run?saved=${encodeURIComponent(template.name)}#templates`, 303);
  };

  routes.get("/", (c) => {
    const caller = assertCaller(c.var.caller);
    const tasks = engine.all().filter((task) => mayStart(task, caller));
    const task = tasks.find(({ name }) => name === c.req.query("task")) ?? tasks[0];
    return render(c, null, emptyTemplate(task?.name ?? "", task?.example));
  });
  routes.post("/", limitBody(MAX_FORM_BYTES), (c) => save(c, null));

  routes.get("/:name", async (c) => {
    const template = await find(c);
    return render(c, template.name, templateTexts(template));
  });
  routes.post("/:name", limitBody(MAX_FORM_BYTES), async (c) => {
    const { name } = await find(c);
    return save(c, name);
  });

  routes.get("/:name/deactivation", async (c) => {
    const { name } = await find(c);
    const view = viewOf(c);
    const page = (
      <ConfirmPage
        view={view}
        title={view.t("templates.deactivateTitle")}
        text={view.t("templates.deactivateText")}
        subject={name}
        submit={view.t("templates.deactivate")}
        back={`/admin/run/templates/${encodeURIComponent(name)}`}
        dangerous
      />
    );
    return renderPage(c, page);
  });
  routes.post("/:name/deactivation", async (c) => {
    const template = await find(c);
    await saveTemplate(c.env.DB, { ...template, active: false });
    await audit(c, "template.deactivate", template.name);
    return c.redirect(`/admin/run?saved=${encodeURIComponent(template.name)}#templates`, 303);
  });

  return routes;
}

async function find(c: Context<AppEnv>): Promise<Template> {
  const name = c.req.param("name") ?? "";
  const template = await getTemplate(c.env.DB, name);
  if (!template) {
    throw new AppError(404, "unknown_template", `There is no template ${name}`);
  }
  return template;
}
