import { Field } from "../shared/components/field";
import { TaskError } from "../tasks/one/task-error";
import type { FailureReason } from "../../tasks/model/define";
import type { TaskFacts } from "../../tasks/reading/execution";
import type { BadInput } from "../../tasks/accepting/start";
import type { Status } from "../../tasks/model/states";
import { ErrorText } from "../shared/components/error-text";
import { Notice } from "../shared/components/notice";
import type { JsonError } from "./json-error";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { replayWords } from "./words";

/** A ReplayProblem is why an edited input was not sent. */
export type ReplayProblem =
  | { kind: "syntax"; error: JsonError }
  | { kind: "refused"; refusal: Omit<BadInput, "kind"> }
  /** A warning means that the task would fail; it is sent if its sender insists. */
  | { kind: "warning"; reason: FailureReason }
  | { kind: "state"; status: Status };

interface ReplayPageProps {
  view: View;
  task: TaskFacts;
  names: ReadonlyMap<string, string>;
  /** `input` is JSON text, as it is edited. */
  input: string;
  problem?: ReplayProblem;
}

const ROWS = { least: 8, most: 30 };

/** Shows a task's input to be edited and sent as a new task. */
export function ReplayPage({ view, task, names, input, problem }: ReplayPageProps) {
  const { url } = view;
  const t = replayWords(view);
  const lines = input.split("\n").length + 1;
  const isWrong = problem?.kind === "syntax" || problem?.kind === "refused";
  return (
    <Layout view={view} title={t("replay.title")}>
      <div class="editor">
        <h1>{t("replay.title")}</h1>
        <p>
          {t("replay.what")} {task.status === "FAILURE" && t("replay.discards")}
        </p>
        <TaskError view={view} task={task} names={names} />
        {problem && (
          <div id="problem">
            <Problem view={view} problem={problem} />
          </div>
        )}
        <form class="stacked" method="post" action={url.pathname}>
          <Field id="input" label={t("replay.input")}>
            <textarea
              id="input"
              name="input"
              class="code"
              rows={Math.min(Math.max(lines, ROWS.least), ROWS.most)}
              spellcheck={false}
              autocapitalize="off"
              dir="ltr"
              wrap="soft"
              aria-invalid={isWrong ? "true" : undefined}
              aria-describedby={problem ? "problem" : undefined}
              required
            >
              {`\n${input}`}
            </textarea>
          </Field>
          <p class="actions">
            <button class="button primary">{t("replay.send")}</button>
            {problem?.kind === "warning" && (
              <button class="button danger" name="anyway" value={warningOf(problem.reason)}>
                {t("replay.anyway")}
              </button>
            )}
            <a class="button" href={`/admin/tasks/${encodeURIComponent(task.id)}`}>
              {t("confirm.back")}
            </a>
          </p>
        </form>
      </div>
    </Layout>
  );
}

/**
 * Returns the text of a warning. Insisting sends only the input that had this warning, not one
 * edited since.
 */
export function warningOf({ code, message }: FailureReason): string {
  return `${code}: ${message}`;
}

function Problem({ view, problem }: { view: View; problem: ReplayProblem }) {
  const t = replayWords(view);
  switch (problem.kind) {
    case "syntax": {
      const { line, column, found } = problem.error;
      const where = { line, column, found: JSON.stringify(found) };
      return (
        <Notice kind="bad">{t(found === null ? "replay.ends" : "replay.syntax", where)}</Notice>
      );
    }
    case "refused": {
      const { field, message } = problem.refusal;
      return (
        <Notice kind="bad">
          {t("replay.refused")} <ErrorText code={field || "input"} message={message} />
        </Notice>
      );
    }
    case "warning":
      return (
        <Notice kind="bad">
          {t("replay.warning")} <ErrorText {...problem.reason} />
        </Notice>
      );
    case "state":
      return (
        <Notice kind="bad">
          {t("confirm.forbidden", { state: t(`status.${problem.status}`) })}
        </Notice>
      );
    default:
      return problem satisfies never;
  }
}
