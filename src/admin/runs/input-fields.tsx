import { control, Field } from "../shared/components/field";
import { fieldId } from "./input-form";
import { type SchemaField } from "./input-schema";
import type { View } from "../shared/view";
import { runsWords } from "./words";

interface InputFieldsProps {
  view: View;
  fields: readonly SchemaField[];
  /** `values` are as typed, or the initial ones, by the field's name in the form. */
  values: Readonly<Record<string, string>>;
  /** `problems` says what is wrong, by the field's name in the form. */
  problems: Readonly<Record<string, string>>;
}

/** Shows the fields of an input, each with what is wrong with it. */
export function InputFields({ view, fields, values, problems }: InputFieldsProps) {
  const t = runsWords(view);
  return (
    <>
      {fields.map((field) => {
        const id = fieldId(field.name);
        const label = field.name === "" ? t("run.input") : field.name;
        const hint = [
          field.description,
          field.kind === "json" ? t("run.json") : field.kind === "instant" ? t("run.utc") : "",
          field.fallback && t("run.fallback", { value: field.fallback }),
        ]
          .filter(Boolean)
          .join(" ");
        const shown = {
          id,
          label: <Label text={label} optional={field.required ? undefined : t("run.optional")} />,
          hint: isolated(hint),
          problem: isolated(problems[id]),
        };
        return (
          <Field {...shown}>
            <Control view={view} field={field} value={values[id] ?? ""} {...control(shown)} />
          </Field>
        );
      })}
    </>
  );
}

/** Isolates a text of a definition, so that its direction does not affect the page. */
export function isolated(text: string | undefined) {
  return text ? <bdi>{text}</bdi> : undefined;
}

/** Shows a label that says that its field may be left empty. */
export function Label({ text, optional }: { text: string; optional?: string }) {
  return (
    <>
      {text} {optional && <span class="note">({optional})</span>}
    </>
  );
}

type ControlProps = ReturnType<typeof control> & {
  view: View;
  field: SchemaField;
  value: string;
};

/** Returns the input type of a date or a moment. A moment given as a day stays a day. */
function dateType(kind: "date" | "instant", value: string) {
  if (kind === "date" || /^\d{4}-\d\d-\d\d$/.test(value)) {
    return { type: "date" };
  }
  return value === "" || value.includes("T")
    ? { type: "datetime-local", step: value.includes(".") ? "0.001" : "1" }
    : { type: "text" };
}

function Control({ view, field, value, ...shared }: ControlProps) {
  const t = runsWords(view);
  const { required } = field;
  switch (field.kind) {
    case "number":
      return (
        <input
          {...shared}
          type="number"
          step={field.whole ? "1" : "any"}
          min={field.min}
          max={field.max}
          value={value}
          required={required}
        />
      );
    case "date":
    case "instant":
      return (
        <input {...shared} {...dateType(field.kind, value)} value={value} required={required} />
      );
    case "boolean":
    case "choice": {
      const options =
        field.kind === "choice"
          ? field.options.map((option) => ({ option, label: option }))
          : ["true", "false"].map((option) => ({
              option,
              label: t(option === "true" ? "run.yes" : "run.no"),
            }));
      return (
        <select {...shared} required={required}>
          <option value="">{t(required ? "run.choose" : "run.unset")}</option>
          {options.map(({ option, label }) => (
            <option value={option} selected={option === value}>
              {label}
            </option>
          ))}
        </select>
      );
    }
    case "json":
      return (
        <textarea {...shared} class="code" rows={field.name === "" ? 14 : 5} spellcheck={false}>
          {value}
        </textarea>
      );
    case "text":
      return field.long ? (
        <textarea {...shared} rows={4}>
          {value}
        </textarea>
      ) : (
        <input {...shared} type="text" value={value} required={required} />
      );
    default:
      return field satisfies never;
  }
}
