/**
 * A form made from what a task takes. What JSON Schema calls a text, a number, a list of words, a yes
 * or no, or a date has a field of its own; anything else is JSON in a text area. The form only
 * collects: the task's own schema judges what was typed.
 */
import { z } from "zod";
import { parseAsSent } from "../../lib/exact-json";

export type FieldKind =
  | { kind: "text"; long: boolean }
  | { kind: "number"; whole: boolean }
  | { kind: "choice"; options: string[] }
  | { kind: "boolean" }
  | { kind: "date" }
  | { kind: "instant" }
  | { kind: "json" };

export type InputField = FieldKind & {
  /** The member of the input; empty for the input as a whole. */
  name: string;
  description: string;
  required: boolean;
  /** Where it is required, an empty field stands for null. */
  nullable: boolean;
  /** What is taken if it is left out, as text. */
  fallback: string;
  min?: number;
  max?: number;
};

type Schema = z.core.JSONSchema.BaseSchema;

const LONG_TEXT = 200;

/** The fields of an input; one for all of it where it is no plain object. */
export function inputFields(schema: z.ZodType): InputField[] {
  const json = toSchema(schema);
  const members = Object.entries(json.properties ?? {});
  if (json.type !== "object" || members.length === 0) {
    const whole = {
      name: "",
      required: true,
      nullable: false,
      fallback: "",
      kind: "json",
    } as const;
    return [{ ...whole, description: json.description ?? "" }];
  }
  const required = new Set(json.required);
  return members.flatMap(([name, member]) =>
    typeof member === "object" ? [fieldOf(name, member, required.has(name))] : [],
  );
}

function toSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.core.$ZodDate) {
        jsonSchema.type = "string";
        jsonSchema.format = "date-time";
      }
    },
  });
}

function fieldOf(name: string, schema: Schema, required: boolean): InputField {
  const { inner, nullable } = withoutNull(schema);
  const kind = kindOf(inner);
  const fallback: unknown = schema.default ?? inner.default;
  return {
    ...kind,
    name,
    description: schema.description ?? inner.description ?? "",
    required,
    nullable,
    fallback: fallback === undefined ? "" : textOf(fallback, kind),
    min: inner.minimum,
    max: inner.maximum,
  };
}

/** What a schema takes besides null, in either way to write that it takes null as well. */
function withoutNull(schema: Schema): { inner: Schema; nullable: boolean } {
  const types: unknown = schema.type;
  if (Array.isArray(types) && types.includes("null")) {
    const [type, ...more] = types.filter((type) => type !== "null") as Schema["type"][];
    const inner = { ...schema, type: more.length === 0 ? type : undefined };
    return { inner: { ...inner, enum: schema.enum?.filter((it) => it !== null) }, nullable: true };
  }
  const choices = (schema.anyOf ?? []).filter((choice) => typeof choice === "object");
  const [only, ...more] = choices.filter(({ type }) => type !== "null");
  return only && more.length === 0 && choices.length > 1
    ? { inner: only, nullable: true }
    : { inner: schema, nullable: false };
}

function kindOf(schema: Schema): FieldKind {
  const { type, format, maxLength } = schema;
  const choices = (schema.anyOf ?? []).filter((choice) => typeof choice === "object");
  if (choices.length > 0 && choices.every((choice) => choice.type === "string")) {
    // Several ways to write it: a moment if it may be one.
    return choices.some((choice) => choice.format === "date-time")
      ? { kind: "instant" }
      : { kind: "text", long: false };
  }
  if (schema.enum?.every((option) => typeof option === "string")) {
    return { kind: "choice", options: schema.enum };
  }
  if (type === "number" || type === "integer") {
    return { kind: "number", whole: type === "integer" };
  }
  if (type === "boolean") {
    return { kind: "boolean" };
  }
  if (type !== "string") {
    return { kind: "json" };
  }
  if (format === "date" || format === "date-time") {
    return { kind: format === "date" ? "date" : "instant" };
  }
  return { kind: "text", long: maxLength !== undefined && maxLength > LONG_TEXT };
}

function textOf(value: unknown, { kind }: FieldKind): string {
  return typeof value === "string" && kind !== "json"
    ? value
    : (JSON.stringify(value, null, 2) ?? "");
}

/** What the fields of a form begin with, by their names in it, to say this input. */
export function inputTexts(fields: readonly InputField[], input: unknown): Record<string, string> {
  const members = (typeof input === "object" && input !== null ? input : {}) as Record<
    string,
    unknown
  >;
  return Object.fromEntries(
    fields.map((field) => {
      const value = field.name === "" ? input : members[field.name];
      const moment =
        field.kind === "instant" && String(value).includes("T") ? Date.parse(String(value)) : NaN;
      const text = Number.isNaN(moment)
        ? textOf(value, field)
        : new Date(moment).toISOString().replace(/(\.000)?Z$/, "");
      const isUnset = value === undefined || value === null;
      return [fieldId(field.name), isUnset ? "" : text];
    }),
  );
}

/** The name of a field in the form; other fields of the page cannot share it. */
export function fieldId(name: string): string {
  return name === "" ? "input" : `input.${name}`;
}

/** What was typed: the input it stands for, or the fields whose JSON cannot be read. */
export function readInputForm(
  fields: readonly InputField[],
  typed: (id: string) => string,
): { input: unknown; unreadable: string[] } {
  const unreadable: string[] = [];
  const read = (field: InputField): unknown => {
    try {
      return valueOf(field, typed(fieldId(field.name)));
    } catch {
      unreadable.push(field.name);
      return undefined;
    }
  };
  const [whole] = fields;
  if (whole?.name === "") {
    return { input: read(whole), unreadable };
  }
  const members = fields.map((field) => [field.name, read(field)] as const);
  return {
    input: Object.fromEntries(members.filter(([, value]) => value !== undefined)),
    unreadable,
  };
}

/** Undefined for a member left out. Throws on JSON that is none. */
function valueOf(field: InputField, text: string): unknown {
  if (text.trim() === "") {
    if (!field.required) {
      return undefined;
    }
    return field.nullable ? null : field.kind === "text" ? text : undefined;
  }
  switch (field.kind) {
    case "number":
      return numberOf(text.trim().replace(",", "."));
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "instant":
      return toInstant(text);
    case "json":
      return parseAsSent(text);
    case "text":
    case "choice":
    case "date":
      return text;
    default:
      return field satisfies never;
  }
}

/** With every digit typed, if they are written as in JSON. */
function numberOf(text: string): unknown {
  const number = Number(text);
  if (Number.isNaN(number)) {
    return text; // for the schema to refuse
  }
  try {
    return parseAsSent(text);
  } catch {
    return number;
  }
}

/** A field for date and time gives it without a zone; the page says that it is UTC. */
function toInstant(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)
    ? `${text}:00Z`
    : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/.test(text)
      ? `${text}Z`
      : text;
}
