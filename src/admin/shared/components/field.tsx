import type { Child, JSX, PropsWithChildren } from "hono/jsx";

export interface FieldProps {
  /** The id of its control, and the name under which a form sends it. */
  id: string;
  label: Child;
  /** What it means. */
  hint?: Child;
  /** What is wrong with what was typed. */
  problem?: Child;
}

/** A label, its control, and what is said of it: every field of every form is one. */
export function Field({ id, label, hint, problem, children }: PropsWithChildren<FieldProps>) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {problem && (
        <span class="problem" id={`${id}-problem`}>
          {problem}
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

/** Ties a control to its field. */
export function control({ id, hint, problem }: Omit<FieldProps, "label">) {
  const described = [problem && `${id}-problem`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return {
    id,
    name: id,
    "aria-invalid": problem ? ("true" as const) : undefined,
    "aria-describedby": described || undefined,
  };
}

type InputFieldProps = FieldProps & Omit<JSX.IntrinsicElements["input"], keyof FieldProps>;

export function InputField({ id, label, hint, problem, type = "text", ...input }: InputFieldProps) {
  const field = { id, label, hint, problem };
  return (
    <Field {...field}>
      <input {...control(field)} type={type} {...input} />
    </Field>
  );
}

interface SelectFieldProps extends FieldProps {
  value: string;
  options: readonly { value: string; label: string }[];
  /** The choice of none of them. */
  any?: string;
  autofocus?: boolean;
}

export function SelectField({ value, options, any, autofocus, ...field }: SelectFieldProps) {
  return (
    <Field {...field}>
      <select {...control(field)} autofocus={autofocus}>
        {any !== undefined && <option value="">{any}</option>}
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
    </Field>
  );
}
