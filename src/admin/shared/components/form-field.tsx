import type { PropsWithChildren } from "hono/jsx";
import type { FormProblem } from "../form-problem";
import type { View } from "../view";

interface FormFieldProps {
  view: View;
  /** The field's name, and its id. */
  id: string;
  label: string;
  hint?: string;
  /** Of the whole form; shown if it is about this field. */
  problem?: FormProblem;
}

type InputProps = FormFieldProps & {
  type: "text" | "email" | "password" | "number";
  value?: string;
  required?: boolean;
  autocomplete?: string;
  minlength?: number;
  maxlength?: number;
  min?: number;
  max?: number;
};

export function InputField({ view, id, label, hint, problem, ...input }: InputProps) {
  return (
    <Labelled view={view} id={id} label={label} hint={hint} problem={problem}>
      <input id={id} name={id} {...input} {...described(id, hint, problem)} />
    </Labelled>
  );
}

interface ChoiceProps extends FormFieldProps {
  value: string;
  options: readonly { value: string; label: string }[];
}

export function ChoiceField({ view, id, label, hint, problem, value, options }: ChoiceProps) {
  return (
    <Labelled view={view} id={id} label={label} hint={hint} problem={problem}>
      <select id={id} name={id} {...described(id, hint, problem)}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

function Labelled(props: PropsWithChildren<FormFieldProps>) {
  const { view, id, label, hint, problem, children } = props;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {problem?.field === id && (
        <span class="problem" id={`${id}-problem`}>
          {view.t(problem.key)}
        </span>
      )}
      {hint && (
        <span class="note" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  );
}

function described(id: string, hint: string | undefined, problem: FormProblem | undefined) {
  const isBad = problem?.field === id;
  const by = [isBad && `${id}-problem`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return {
    "aria-invalid": isBad ? "true" : undefined,
    "aria-describedby": by === "" ? undefined : by,
    autofocus: isBad ? true : undefined,
  };
}
