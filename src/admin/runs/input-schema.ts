/**
 * The fields of a form, from what a task takes. What JSON Schema calls a text, a number, a list of words, a
 * yes or no, or a date has a field of its own; anything else is JSON in a text area.
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

/** A value as its field shows it. */
export function textOf(value: unknown, { kind }: FieldKind): string {
  return typeof value === "string" && kind !== "json"
    ? value
    : (JSON.stringify(value, null, 2) ?? "");
}
