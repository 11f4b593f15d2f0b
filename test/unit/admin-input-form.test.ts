import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inputTexts, readInputForm } from "../../src/admin/runs/input-form";
import { inputFields } from "../../src/admin/runs/input-schema";
import { fromText } from "../../src/http/instant";

const Input = z.strictObject({
  text: z.string().min(1),
  note: z.string().max(1000).optional(),
  count: z.int().min(1).max(9).default(3),
  ratio: z.number().optional(),
  format: z.enum(["csv", "json"]),
  dry: z.boolean().optional(),
  day: z.iso.date().optional(),
  since: fromText.optional(),
  until: z.date().optional(),
  limit: z.number().nullable(),
  kind: z.enum(["a", "b"]).nullable().optional(),
  lines: z.array(z.string()).optional(),
});
const fields = inputFields(Input);
const read = (typed: Record<string, string>) => readInputForm(fields, (id) => typed[id] ?? "");

describe("a form made from a schema", () => {
  it("has a field of its own for what is simple, and JSON for the rest", () => {
    expect(Object.fromEntries(fields.map(({ name, kind }) => [name, kind]))).toEqual({
      text: "text",
      note: "text",
      count: "number",
      ratio: "number",
      format: "choice",
      dry: "boolean",
      day: "date",
      since: "instant",
      until: "instant",
      limit: "number",
      kind: "choice",
      lines: "json",
    });
  });

  it("knows what must be given, what stands for nothing, and the bounds", () => {
    const of = (name: string) => fields.find((field) => field.name === name);
    expect(fields.filter(({ required }) => required).map(({ name }) => name)).toEqual([
      "text",
      "format",
      "limit",
    ]);
    expect(of("count")).toMatchObject({ whole: true, min: 1, max: 9, fallback: "3" });
    expect(of("limit")).toMatchObject({ nullable: true });
    expect(of("note")).toMatchObject({ long: true });
    expect(of("format")).toMatchObject({ options: ["csv", "json"] });
    expect(of("kind")).toMatchObject({ options: ["a", "b"], nullable: true });
  });

  it.for([
    ["anything", z.unknown()],
    ["a type of its own", z.custom<{ a: 1 }>()],
    ["a list", z.array(z.string())],
    ["a record", z.record(z.string(), z.number())],
  ] as const)("is one field of JSON for %s", ([, schema]) => {
    expect(inputFields(schema)).toMatchObject([{ name: "", kind: "json" }]);
  });
});

describe("what was typed", () => {
  it("becomes the input", () => {
    const { input, unreadable } = read({
      "input.text": " two words ",
      "input.count": "4",
      "input.ratio": "1,5",
      "input.format": "csv",
      "input.dry": "false",
      "input.day": "2026-11-22",
      "input.since": "2026-11-22T10:30",
      "input.lines": '["a"]',
    });
    expect(unreadable).toEqual([]);
    expect(input).toEqual({
      text: " two words ",
      count: 4,
      ratio: 1.5,
      format: "csv",
      dry: false,
      day: "2026-11-22",
      since: "2026-11-22T10:30:00Z",
      limit: null,
      lines: ["a"],
    });
    expect(Input.safeParse(input).success).toBe(true);
  });

  it("leaves out what is empty, and what is no number for the schema to refuse", () => {
    expect(read({ "input.count": "many" }).input).toEqual({
      text: "",
      count: "many",
      limit: null,
    });
  });

  it("keeps every digit of a number, in a field of its own or in JSON", () => {
    const typed = { "input.count": "12345678901234567", "input.ratio": "10,00" };
    const { input } = read({ ...typed, "input.lines": "[1e400]" });
    expect(JSON.stringify(input)).toContain('"count":12345678901234567,"ratio":10.00');
    expect(JSON.stringify(input)).toContain('"lines":[1e400]');
    expect(inputTexts(fields, input)).toMatchObject({
      "input.count": "12345678901234567",
      "input.ratio": "10.00",
    });
  });

  it("names the fields whose JSON cannot be read", () => {
    expect(read({ "input.lines": "[" }).unreadable).toEqual(["lines"]);
  });

  it("keeps a whole day one, and a moment to its millisecond", () => {
    const input = { text: "x", format: "json", since: "2026-11-22" };
    const day = inputTexts(fields, input);
    expect(day["input.since"]).toBe("2026-11-22");
    expect(read(day).input).toMatchObject(input);
    const texts = inputTexts(fields, { ...input, since: "2026-11-22T23:59:59.999Z" });
    expect(read(texts).input).toMatchObject({ since: "2026-11-22T23:59:59.999Z" });
  });

  it("comes back as it went into the fields", () => {
    const input = { text: "x", format: "json", since: "2026-11-22T11:00:00+01:00", lines: ["a"] };
    const texts = inputTexts(fields, input);
    expect(texts).toMatchObject({ "input.since": "2026-11-22T10:00:00", "input.count": "" });
    expect(read(texts).input).toEqual({
      ...input,
      since: "2026-11-22T10:00:00Z",
      limit: null,
    });
  });
});
