import type { TaskDefinition } from "../../tasks/model/define";
import { MAX_DELAY_SECONDS } from "../../tasks/commands/run-task";
import type { Template } from "../../tasks/templates/templates";
import { InputField } from "../shared/components/field";
import { InputFields, isolated, Label } from "./input-fields";
import { Notice } from "../shared/components/notice";
import type { SchemaField as FieldOfInput } from "./input-schema";
import { Layout } from "../shared/layout";
import { whatItDoes } from "../tasks/what-it-does";
import type { View } from "../shared/view";
import { runsWords } from "./words";

interface RunPageProps {
  view: View;
  definition: TaskDefinition;
  template: Template | null;
  fields: readonly FieldOfInput[];
  values: Readonly<Record<string, string>>;
  /** `problems` is by field; "all" holds those that no field is to blame for. */
  problems: Readonly<Record<string, string>>;
}

/** Shows the form that starts a task or a template; it posts to the address it is shown at. */
export function RunPage({ view, definition, template, fields, values, problems }: RunPageProps) {
  const t = runsWords(view);
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
        <InputField
          id="delay_seconds"
          type="number"
          label={<Label text={t("run.delay")} optional={t("run.optional")} />}
          hint={isolated(t("run.delayHint"))}
          problem={isolated(problems["delay_seconds"])}
          min={0}
          max={MAX_DELAY_SECONDS}
          step="any"
          value={values["delay_seconds"] ?? ""}
        />
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
