import type { Page } from "../../http/paging";
import { BURIED, DEAD_LETTER_CODES } from "../../tasks/running/dead-letters";
import type { TaskFacts } from "../../tasks/reading/execution";
import { EmptyState } from "../shared/components/empty-state";
import { LiveRegion } from "../shared/components/live-region";
import { Notice } from "../shared/components/notice";
import { Pager } from "../shared/components/pager";
import { RepairTabs } from "./repair-tabs";
import { Pick, Selection } from "../tasks/list/selection";
import { Time } from "../shared/components/time";
import { shortId } from "../shared/format";
import { Layout } from "../shared/layout";
import type { TaskAction } from "../../tasks/commands/doable";
import type { View } from "../shared/view";
import { failuresWords } from "./words";

interface Letter {
  task: TaskFacts;
  /** `input` is JSON text. */
  input: string;
  actions: Record<TaskAction, boolean>;
}

interface DeadLettersPageProps {
  view: View;
  page: Page<unknown>;
  letters: readonly Letter[];
  /** `discarded` selects those that a person gave up on, rather than those that wait for one. */
  discarded: boolean;
  mayAct: boolean;
}

export function DeadLettersPage(props: DeadLettersPageProps) {
  const { view, page, letters, discarded, mayAct } = props;
  const t = failuresWords(view);
  const list = <Letters view={view} letters={letters} mayAct={mayAct} />;
  return (
    <Layout view={view} title={t("nav.deadLetters")}>
      <h1>{t("nav.deadLetters")}</h1>
      <RepairTabs view={view} />
      <p>{t("deadLetters.what")}</p>
      <p>
        <a href={discarded ? "/admin/dead-letters" : "/admin/dead-letters?discarded=yes"}>
          {t(discarded ? "deadLetters.seeOpen" : "deadLetters.seeDiscarded")}
        </a>
      </p>
      <LiveRegion view={view} about={{}} open grows>
        {letters.length === 0 ? (
          page.next === null && (
            <EmptyState
              title={t("deadLetters.noneTitle")}
              text={t(discarded ? "deadLetters.noneDiscarded" : "deadLetters.none")}
            />
          )
        ) : mayAct ? (
          <Selection
            view={view}
            filter={{
              status: "FAILURE",
              code: DEAD_LETTER_CODES.join(","),
              discarded: discarded ? "yes" : "no",
            }}
            total={page.total}
            actions={discarded ? ["retry"] : ["discard", "retry"]}
          >
            {list}
          </Selection>
        ) : (
          list
        )}
        {page.next !== null && letters.length < 20 && (
          <Notice kind="good">{t("list.short")}</Notice>
        )}
        <Pager view={view} page={page} />
      </LiveRegion>
    </Layout>
  );
}

function Letters({
  view,
  letters,
  mayAct,
}: Pick<DeadLettersPageProps, "view" | "letters" | "mayAct">) {
  const t = failuresWords(view);
  return (
    <table class="rows letters">
      <caption class="unseen">{t("deadLetters.caption")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("tasks.id")}</th>
          <th scope="col">{t("deadLetters.why")}</th>
          <th scope="col">{t("task.finished")}</th>
          <th scope="col">{t("deadLetters.body")}</th>
          <th scope="col">{t("failures.next")}</th>
        </tr>
      </thead>
      <tbody>
        {letters.map((letter) => (
          <Row view={view} letter={letter} mayAct={mayAct} />
        ))}
      </tbody>
    </table>
  );
}

const LINKS = [
  ["retry", "retries", "task.retry"],
  ["replay", "replays", "replay.button"],
  ["discard", "discards", "repair.discard"],
] as const;

function Row({ view, letter, mayAct }: { view: View; letter: Letter; mayAct: boolean }) {
  const t = failuresWords(view);
  const { task, input, actions } = letter;
  const path = `/admin/tasks/${task.id}`;
  const stranger = task.task_name === BURIED.name;
  return (
    <tr data-task={task.id}>
      <th scope="row" data-label={t("tasks.id")} class="tight code">
        {mayAct && <Pick view={view} id={task.id} />}
        <a href={path}>{shortId(task.id)}</a>
      </th>
      <td data-label={t("deadLetters.why")}>
        <span>
          <code>{task.error_code}</code>{" "}
          {t(
            task.error_code === "dead_letter"
              ? stranger
                ? "deadLetters.givenUpStranger"
                : "deadLetters.givenUp"
              : "deadLetters.stranger",
          )}
          {task.discard_reason !== null && (
            <span class="note">
              {" "}
              {t("repair.isDiscarded")}: <bdi>{task.discard_reason}</bdi>
            </span>
          )}
        </span>
      </td>
      <td data-label={t("task.finished")}>
        {task.completed_at === null ? null : <Time at={task.completed_at} />}
      </td>
      <td data-label={t("deadLetters.body")}>
        <pre class="json" dir="ltr" tabindex={0}>
          <code>{bodyOf(input, stranger)}</code>
        </pre>
      </td>
      <td data-label={t("failures.next")}>
        <span class="group-actions">
          {LINKS.filter(([action]) => actions[action]).map(([, resource, label]) => (
            <a href={`${path}/${resource}`}>{t(label)}</a>
          ))}
        </span>
      </td>
    </tr>
  );
}

const SHOWN_CHARACTERS = 600;
/** CONTROLS are escaped, because they are invisible or reorder the text around them. */
const CONTROLS = /(?![\n\t])[\p{Cc}\p{Cf}]/gu;

/**
 * Returns the text to show of a dead letter: the raw body of a foreign message, or a task's input,
 * since its own message is only an id.
 */
function bodyOf(input: string, stranger: boolean): string {
  let text = input;
  if (stranger) {
    const { body } = JSON.parse(input) as { body?: unknown };
    text = typeof body === "string" ? body : input;
  }
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return shown
    .toWellFormed()
    .replaceAll(
      CONTROLS,
      (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
    );
}
