import { control, Field, InputField, SelectField } from "../shared/components/field";
import { isolated } from "./input-fields";
import { Notice } from "../shared/components/notice";
import { Layout } from "../shared/layout";
import {
  isChecked,
  maxTimeout,
  type TemplateField,
  type TemplateProblems,
  type TemplateTexts,
} from "./template-form";
import type { View } from "../shared/view";
import { runsWords } from "./words";

interface TemplatePageProps {
  view: View;
  /** `tasks` are the names of the tasks that this person may start. */
  tasks: readonly string[];
  /** `name` is null for a new template. */
  name: string | null;
  texts: TemplateTexts;
  problems: TemplateProblems;
}

/** Shows the form of a template; it posts to the address it is shown at. */
export function TemplatePage(props: TemplatePageProps) {
  const { view, tasks, name, texts, problems } = props;
  const t = runsWords(view);
  const title = t(name === null ? "templates.newTitle" : "templates.edit");
  const elsewhere = isChecked(texts.elsewhere);
  const seconds = maxTimeout(texts);
  const hint = (field: "parametersHint" | "timeoutHint" | "stepsHint") =>
    t(`templates.${field}${elsewhere ? "Elsewhere" : ""}`, { seconds });
  const known = tasks.includes(texts.task_name) ? tasks : [...tasks, texts.task_name];
  return (
    <Layout view={view} title={name === null ? title : `${title} ${name}`}>
      <p class="note">
        <a href="/admin/run#templates">{t("run.title")}</a>
      </p>
      <h1>
        {title} {name !== null && <bdi>{name}</bdi>}
      </h1>
      {elsewhere && <p class="prose">{t("templates.elsewhereText")}</p>}
      {name === null && (
        <p class="note">
          <a href={`/admin/run/templates${elsewhere ? "" : "?task="}`}>
            {t(elsewhere ? "templates.ofThisSystem" : "templates.ofElsewhere")}
          </a>
        </p>
      )}
      {Object.keys(problems).length > 0 && <Notice kind="bad">{t("templates.notSaved")}</Notice>}
      <form class="stacked form" method="post" action={view.url.pathname}>
        {name === null && (
          <TextLine {...props} field="name" hint={t("templates.nameHint")} required />
        )}
        {elsewhere ? (
          <div class="fields">
            <input type="hidden" name="elsewhere" value={texts.elsewhere} />
            <TextLine {...props} field="task_name" required />
            <TextLine {...props} field="module" required />
          </div>
        ) : (
          <SelectField
            id="task_name"
            label={t("templates.task_name")}
            problem={isolated(problems.task_name)}
            value={texts.task_name ?? ""}
            options={known.map((task) => ({ value: task, label: task }))}
          />
        )}
        <TextLine {...props} field="description" />
        <TextBlock {...props} field="default_parameters" hint={hint("parametersHint")} />
        <div class="fields">
          <NumberField
            {...props}
            field="default_timeout"
            max={seconds}
            hint={hint("timeoutHint")}
          />
          <NumberField {...props} field="default_max_retries" />
          <NumberField {...props} field="estimated_duration" />
          <NumberField {...props} field="notify_progress" />
        </div>
        <TextBlock {...props} field="typical_steps" hint={hint("stepsHint")} />
        <fieldset>
          <legend>{t(elsewhere ? "templates.notifyElsewhere" : "templates.notify")}</legend>
          <Check {...props} field="notify_start" />
          <Check {...props} field="notify_complete" />
          <Check {...props} field="notify_error" />
        </fieldset>
        <Check
          {...props}
          field="is_active"
          label={elsewhere ? t("templates.isActiveElsewhere") : undefined}
        />
        <p class="actions">
          <button class="button primary">{t("templates.save")}</button>
          <a class="button" href="/admin/run#templates">
            {t("confirm.back")}
          </a>
          {name !== null && isChecked(texts.is_active) && (
            <a
              class="button danger"
              href={`/admin/run/templates/${encodeURIComponent(name)}/deactivation`}
            >
              {t("templates.deactivate")}
            </a>
          )}
        </p>
      </form>
    </Layout>
  );
}

type FieldProps = TemplatePageProps & {
  field: Exclude<TemplateField, "elsewhere">;
  hint?: string;
  required?: boolean;
};

/** Returns the props that every kind of field shares. */
function shown({ view, problems, field, hint }: FieldProps) {
  const t = runsWords(view);
  return {
    id: field,
    label: t(`templates.${field}`),
    hint: isolated(hint),
    problem: isolated(problems[field]),
  };
}

function TextLine(props: FieldProps) {
  const { texts, field, required } = props;
  return <InputField {...shown(props)} value={texts[field]} required={required} />;
}

function TextBlock(props: FieldProps) {
  const { texts, field } = props;
  return (
    <Field {...shown(props)}>
      <textarea
        {...control(shown(props))}
        class={field === "default_parameters" ? "code" : undefined}
        rows={field === "default_parameters" ? 12 : 3}
        spellcheck={false}
      >
        {texts[field]}
      </textarea>
    </Field>
  );
}

function NumberField(props: FieldProps & { max?: number }) {
  const { texts, field, max } = props;
  return (
    <InputField {...shown(props)} type="number" min={0} max={max} step="1" value={texts[field]} />
  );
}

function Check({ view, texts, field, label }: FieldProps & { label?: string }) {
  const t = runsWords(view);
  return (
    <label class="check">
      <input type="checkbox" name={field} value="on" checked={isChecked(texts[field])} />{" "}
      {label ?? t(`templates.${field}`)}
    </label>
  );
}
