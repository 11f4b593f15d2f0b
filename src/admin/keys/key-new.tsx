import { InputField } from "../shared/components/field";
import { SCOPES } from "../../caller";
import { Layout } from "../shared/layout";
import type { View } from "../shared/view";
import { keysWords } from "./words";

export interface TypedKey {
  name: string;
  scopes: string[];
  days: string;
}

interface NewKeyPageProps {
  view: View;
  typed?: TypedKey;
  /** `problems` names the refused fields, as the API's body calls them. */
  problems?: ReadonlySet<string>;
}

const MAX_NAME = 100;
const MAX_DAYS = 3650;
const NEW: TypedKey = { name: "", scopes: [], days: "90" };

export function NewKeyPage({ view, typed = NEW, problems = new Set() }: NewKeyPageProps) {
  const t = keysWords(view);
  const problem = (field: keyof typeof PROBLEMS) =>
    problems.has(field) ? t(PROBLEMS[field]) : undefined;
  return (
    <Layout view={view} title={t("keys.new")}>
      <div class="narrow">
        <h1>{t("keys.new")}</h1>
        <p class="note">{t("keys.newIntro")}</p>
        <form class="stacked" method="post" action="/admin/keys">
          <InputField
            id="name"
            label={t("keys.name")}
            hint={t("keys.nameHint")}
            problem={problem("name")}
            value={typed.name}
            maxlength={MAX_NAME}
            autocomplete="off"
            required
          />
          <fieldset aria-describedby="scopes-hint">
            <legend>{t("keys.scopes")}</legend>
            {problem("scopes") && (
              <span class="problem" role="alert">
                {problem("scopes")}
              </span>
            )}
            <span class="note" id="scopes-hint">
              {t("keys.scopesHint")}
            </span>
            {SCOPES.map((scope) => (
              <label class="scope">
                <input
                  type="checkbox"
                  name="scopes"
                  value={scope}
                  checked={typed.scopes.includes(scope)}
                />
                <span>
                  <code>{scope}</code> <span class="note">{t(SCOPE_WORDS[scope])}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <InputField
            id="days"
            type="number"
            label={t("keys.days")}
            hint={t("keys.daysHint")}
            problem={problem("expires_in_days")}
            value={typed.days}
            min={1}
            max={MAX_DAYS}
          />
          <p class="actions">
            <button class="button primary">{t("keys.make")}</button>
            <a class="button" href="/admin/keys">
              {t("confirm.back")}
            </a>
          </p>
        </form>
      </div>
    </Layout>
  );
}

const SCOPE_WORDS = {
  "orders:read": "keys.ordersRead",
  "orders:write": "keys.ordersWrite",
  "tasks:read": "keys.tasksRead",
  "tasks:write": "keys.tasksWrite",
  "tasks:track": "keys.tasksTrack",
  "metrics:read": "keys.metricsRead",
} as const;

const PROBLEMS = {
  name: "keys.badName",
  scopes: "keys.badScopes",
  expires_in_days: "keys.badDays",
} as const;
