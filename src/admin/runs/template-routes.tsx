import { type Context, Hono } from "hono";
import { assertCaller, requireScope } from "../../http/require";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { isRefused } from "../../lib/result";
import type { Engine } from "../../tasks/model/engine";
import { mayStart } from "../../tasks/commands/startable";
import { operatorOf } from "../../tasks/commands/operator";
import { granted, type Refusal } from "../../tasks/commands/refusals";
import {
  changeTemplate,
  knownTemplate,
  retireTemplate,
} from "../../tasks/commands/template-changes";
import { isForWorkElsewhere } from "../../tasks/templates/template-view";
import { getTemplate } from "../../tasks/templates/templates";
import { readForm } from "../shared/form-text";
import { ConfirmPage } from "../shared/confirm";
import { TemplatePage } from "./template";
import { renderPage } from "../shared/render";
import {
  emptyTemplate,
  isChecked,
  maxTimeout,
  readTemplate,
  TEMPLATE_FIELDS,
  type TemplateProblems,
  templateTexts,
  type TemplateTexts,
  typedTemplate,
} from "./template-form";
import { type View, viewOf } from "../shared/view";
import { runsWords } from "./words";

const MAX_FORM_BYTES = 262_144;

/**
 * The pages that make and change templates are mounted at /admin/run/templates; /admin/run lists
 * them.
 */
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
    const t = runsWords(view);
    const typed = typedTemplate(await readForm(c, TEMPLATE_FIELDS));
    const texts = name === null ? typed : { ...typed, name };
    const template = readTemplate(texts, t);
    if (isRefused(template)) {
      return render(c, name, texts, template.why);
    }
    if (name === null && (await getTemplate(c.env.DB, template.name))) {
      return render(c, name, texts, { name: t("templates.taken") });
    }
    const saved = await changeTemplate(operatorOf(c, engine), template);
    if (isRefused(saved) && saved.why.kind === "bad_template") {
      return render(c, name, texts, problemsOf(saved.why, texts, view));
    }
    granted(saved);
    return c.redirect(`/admin/run?saved=${encodeURIComponent(template.name)}#templates`, 303);
  };

  routes.get("/", (c) => {
    const caller = assertCaller(c.var.caller);
    const tasks = engine.all().filter((task) => mayStart(task, caller));
    const asked = c.req.query("task");
    // An empty name means work elsewhere, of no task of this system.
    const task = tasks.find(({ name }) => name === asked) ?? (asked === "" ? undefined : tasks[0]);
    return render(c, null, emptyTemplate(task?.name ?? "", task?.example));
  });
  routes.post("/", limitBody(MAX_FORM_BYTES), (c) => save(c, null));

  routes.get("/:name", async (c) => {
    const template = granted(await knownTemplate(c.env.DB, c.req.param("name")));
    return render(c, template.name, templateTexts(template));
  });
  routes.post("/:name", limitBody(MAX_FORM_BYTES), async (c) => {
    const { name } = granted(await knownTemplate(c.env.DB, c.req.param("name")));
    return save(c, name);
  });

  routes.get("/:name/deactivation", async (c) => {
    const template = granted(await knownTemplate(c.env.DB, c.req.param("name")));
    const { name } = template;
    const view = viewOf(c);
    const t = runsWords(view);
    const page = (
      <ConfirmPage
        view={view}
        title={t("templates.deactivateTitle")}
        text={t(
          isForWorkElsewhere(template, engine)
            ? "templates.deactivateElsewhere"
            : "templates.deactivateText",
        )}
        subject={name}
        submit={t("templates.deactivate")}
        back={`/admin/run/templates/${encodeURIComponent(name)}`}
        dangerous
      />
    );
    return renderPage(c, page);
  });
  routes.post("/:name/deactivation", async (c) => {
    await readForm(c);
    const { name } = granted(await retireTemplate(operatorOf(c, engine), c.req.param("name")));
    return c.redirect(`/admin/run?saved=${encodeURIComponent(name)}#templates`, 303);
  });

  return routes;
}

/** Returns the rules' objection to a template, by the field that shows it. */
function problemsOf(
  { parameter, message }: Extract<Refusal, { kind: "bad_template" }>,
  texts: TemplateTexts,
  view: View,
): TemplateProblems {
  const t = runsWords(view);
  if (parameter === "module") {
    const isNamed = texts.module.trim() !== "";
    const words = t(isNamed ? "templates.otherModule" : "templates.noModule");
    return { [isChecked(texts.elsewhere) ? "module" : "task_name"]: words };
  }
  if (parameter === "default_timeout") {
    const seconds = maxTimeout(texts);
    const isLong = Number(texts.default_timeout) > seconds;
    const words = isLong
      ? t("templates.bad.default_timeout", { seconds })
      : t("templates.sharedTimeout");
    return { default_timeout: words };
  }
  return { [parameter]: `${parameter}: ${message}` };
}
