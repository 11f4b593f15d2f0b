import type { Child, JSX, PropsWithChildren } from "hono/jsx";

export interface FieldProps {
  /** `id` is the control's id, and the name under which a form sends it. */
  id: string;
  label: Child;
  /** `hint` says what the field means. */
  hint?: Child;
  /** `problem` says what is wrong with what was typed. */
  problem?: Child;
}

/** Shows a label, its control, a hint and a problem. Every field of every form is one. */
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

/** Returns the attributes that tie a control to its field. */
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
  /** `any` labels the choice of none of the options. */
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
