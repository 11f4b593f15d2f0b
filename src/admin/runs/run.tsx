import type { TaskDefinition } from "../../tasks/model/define";
import { MAX_DELAY_SECONDS } from "../../tasks/commands/run-task";
import type { Template } from "../../tasks/templates/templates";
import { control, FormField, InputFields } from "./input-fields";
import { Notice } from "../shared/components/notice";
import type { InputField } from "./input-form";
import { Layout } from "../shared/layout";
import { whatItDoes } from "../tasks/task-words";
import type { View } from "../shared/view";

interface RunPageProps {
  view: View;
  definition: TaskDefinition;
  template: Template | null;
  fields: readonly InputField[];
  values: Readonly<Record<string, string>>;
  /** By field; "all" is what no field is to blame for. */
  problems: Readonly<Record<string, string>>;
}

/** The form that starts a task or a template: it posts to the address it is shown at. */
export function RunPage({ view, definition, template, fields, values, problems }: RunPageProps) {
  const { t } = view;
  const name = template?.name ?? definition.name;
  const isWrong = Object.keys(problems).length > 0;
  return (
    <Layout view={view} title={`${t("run.run")} ${name}`}>
      <p class="note">
        <a href="/admin/run">{t("run.title")}</a>
      </p>
      <h1>
        {t("run.run")} <bdi>{name}</bdi>
      </h1>
      <p class="prose">{template?.description || whatItDoes(view, definition)}</p>
      {template && (
        <p class="note">
          {t("run.ofTemplate", { task: definition.name })} {t("run.defaults")}
        </p>
      )}
      {isWrong && <Notice kind="bad">{problems["all"] ?? t("run.notStarted")}</Notice>}
      <form class="stacked form" method="post" action={view.url.pathname}>
        <InputFields view={view} fields={fields} values={values} problems={problems} />
        <FormField
          id="delay_seconds"
          label={t("run.delay")}
          hint={t("run.delayHint")}
          optional={t("run.optional")}
          problem={problems["delay_seconds"]}
        >
          <input
            {...control("delay_seconds", problems["delay_seconds"])}
            type="number"
            min={0}
            max={MAX_DELAY_SECONDS}
            step="any"
            value={values["delay_seconds"] ?? ""}
          />
        </FormField>
        <p class="actions">
          <button class="button primary">{t("run.run")}</button>
          <a class="button" href="/admin/run">
            {t("confirm.back")}
          </a>
        </p>
      </form>
    </Layout>
  );
}
