/**
 * This file derives the fields of a form from a task's schema. A text, a number, a list of words, a
 * yes or no, and a date have a field of their own; anything else is JSON in a text area.
 */
import { z } from "zod";

export type FieldKind =
  | { kind: "text"; long: boolean }
  | { kind: "number"; whole: boolean }
  | { kind: "choice"; options: string[] }
  | { kind: "boolean" }
  | { kind: "date" }
  | { kind: "instant" }
  | { kind: "json" };

export type SchemaField = FieldKind & {
  /** `name` is the member of the input; empty for the input as a whole. */
  name: string;
  description: string;
  required: boolean;
  /** If a `nullable` field is required, leaving it empty means null. */
  nullable: boolean;
  /** `fallback` is the value taken if the field is left out, as text. */
  fallback: string;
  min?: number;
  max?: number;
};

type Schema = z.core.JSONSchema.BaseSchema;

const LONG_TEXT = 200;

/** Returns the fields of an input, or a single one if it is not a plain object. */
export function inputFields(schema: z.ZodType): SchemaField[] {
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

function fieldOf(name: string, schema: Schema, required: boolean): SchemaField {
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

/** Returns what a schema takes besides null; schemas express null in two ways. */
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
    // A value of several formats is a moment if it may be one.
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

/** Returns a value as its field shows it. */
export function textOf(value: unknown, { kind }: FieldKind): string {
  return typeof value === "string" && kind !== "json"
    ? value
    : (JSON.stringify(value, null, 2) ?? "");
}
