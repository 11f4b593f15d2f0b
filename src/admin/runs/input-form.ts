/**
 * This file converts between an input and the texts of a form made from its schema. It judges
 * nothing; the task's own schema does.
 */
import { parseAsSent } from "../../lib/exact-json";
import { type SchemaField, textOf } from "./input-schema";

/** Returns the texts that the form's fields begin with to express an input, by field name. */
export function inputTexts(fields: readonly SchemaField[], input: unknown): Record<string, string> {
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

/** Returns a field's name in the form; the prefix keeps it apart from the page's other fields. */
export function fieldId(name: string): string {
  return name === "" ? "input" : `input.${name}`;
}

/** Returns the input that was typed, or the fields whose JSON cannot be read. */
export function readInputForm(
  fields: readonly SchemaField[],
  typed: (id: string) => string,
): { input: unknown; unreadable: string[] } {
  const unreadable: string[] = [];
  const read = (field: SchemaField): unknown => {
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

/** Returns a field's value; undefined for a member left out. Throws on invalid JSON. */
function valueOf(field: SchemaField, text: string): unknown {
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

/** Keeps every typed digit of a number that is written as in JSON. */
function numberOf(text: string): unknown {
  const number = Number(text);
  if (Number.isNaN(number)) {
    return text; // the task's schema refuses it
  }
  try {
    return parseAsSent(text);
  } catch {
    return number;
  }
}

/**
 * Adds UTC to a moment, which a date-and-time field gives without a zone; the page says that it is
 * UTC.
 */
function toInstant(text: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text)
    ? `${text}:00Z`
    : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/.test(text)
      ? `${text}Z`
      : text;
}
