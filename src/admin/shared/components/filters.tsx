import type { Child, PropsWithChildren } from "hono/jsx";
import type { View } from "../view";

interface FiltersProps {
  view: View;
  search: { value: string; hint: string; problem?: string };
  /** How many filters besides the search are set. */
  active: number;
}

/** The form over a list: the search, and filters that fold away where room is short. */
export function Filters({ view, search, active, children }: PropsWithChildren<FiltersProps>) {
  const { t, url } = view;
  return (
    <form class="filters" method="get" action={url.pathname} role="search">
      <div class="search">
        <Field id="q" label={t("tasks.search")} problem={search.problem}>
          <input
            id="q"
            name="q"
            type="search"
            value={search.value}
            placeholder={search.hint}
            {...describe("q", search.problem)}
          />
        </Field>
        <button class="button primary">{t("list.apply")}</button>
        {(active > 0 || search.value !== "") && (
          <a class="button" href={url.pathname}>
            {t("list.clear")}
          </a>
        )}
      </div>
      <details open={active > 0}>
        <summary>
          {active > 0 ? t("list.activeFilters", { count: active }) : t("list.filters")}
        </summary>
        <div class="fields">{children}</div>
      </details>
    </form>
  );
}

interface FieldProps {
  id: string;
  label: Child;
  problem?: string;
}

export function Field({ id, label, problem, children }: PropsWithChildren<FieldProps>) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {problem && (
        <span class="problem" id={`${id}-problem`}>
          {problem}
        </span>
      )}
    </div>
  );
}

export function TextField(props: FieldProps & { value: string; type?: "text" | "date" }) {
  const { id, value, type = "text", problem } = props;
  return (
    <Field {...props}>
      <input id={id} name={id} type={type} value={value} {...describe(id, problem)} />
    </Field>
  );
}

interface SelectFieldProps extends FieldProps {
  value: string;
  any: string;
  options: readonly { value: string; label: string }[];
}

export function SelectField(props: SelectFieldProps) {
  const { id, value, any, options, problem } = props;
  return (
    <Field {...props}>
      <select id={id} name={id} {...describe(id, problem)}>
        <option value="">{any}</option>
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
    </Field>
  );
}

function describe(id: string, problem: string | undefined) {
  return problem === undefined
    ? {}
    : { "aria-invalid": "true", "aria-describedby": `${id}-problem` };
}
