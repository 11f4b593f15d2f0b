import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isJsonArray, jsonItems, memberText } from "../../src/orders/order/json-items";
import { anyJson } from "../support/arbitraries";

const read = (text: string) => Array.from(jsonItems(text), (item) => JSON.parse(item) as unknown);

it("takes any array apart as JSON.parse does, however it is spaced", () => {
  fc.assert(
    fc.property(fc.array(anyJson), fc.constantFrom(undefined, 1, "\t"), (values, space) => {
      const text = ` \n${JSON.stringify(values, null, space)}\r\n`;
      expect(isJsonArray(text)).toBe(true);
      expect(read(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
});

it.each([
  ["quotes and backslashes", String.raw`["\\","\"","\\\",]","[{"]`],
  ["brackets of both kinds", '[{"a":[1,{"b":[]}]},[[],{}],"]"]'],
  ["nothing", "[ \n]"],
  ["one item", "[null]"],
])("reads %s", (_name, text) => {
  expect(read(text)).toEqual(JSON.parse(text));
});

it("refuses whatever JSON.parse refuses, cut or changed anywhere", () => {
  const text = '[{"id":1,"a":"x\\"]"}, [2,{}] ,"\\\\",-1e5,null]';
  const wrong = [
    ...Array.from(text, (_, at) => text.slice(0, at)),
    ...Array.from(text, (_, at) => text.slice(0, at) + text.slice(at + 1)),
    ...["[", "]", "{", "}", ",", '"', "\\", "\u00a0", "1"].flatMap((sign) =>
      Array.from({ length: text.length + 1 }, (_, at) => text.slice(0, at) + sign + text.slice(at)),
    ),
  ].filter(isJsonArray);
  expect(wrong.length).toBeGreaterThan(300);
  for (const each of wrong) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(each);
    } catch {
      expect(() => read(each), each).toThrow(SyntaxError);
      continue;
    }
    expect(read(each), each).toEqual(parsed);
  }
});

it("finds the text of a member, the last of several", () => {
  const name = fc.oneof(fc.constantFrom("id", "__proto__", '"', "\\", ":", ""), fc.string());
  fc.assert(
    fc.property(fc.array(fc.tuple(name, anyJson)), name, (members, wanted) => {
      const pairs = members.map(
        ([key, value]) => `\n${JSON.stringify(key)} : ${JSON.stringify(value)}`,
      );
      const text = ` { ${pairs.join(" ,")} } `;
      const found = memberText(text, wanted);
      // The name is not taken from JSON.parse(text), as V8 may take a repeated "\"" for the name
      // "\" that it saw elsewhere.
      const last = members.findLast(([key]) => key === wanted);
      const value = last && JSON.stringify(last[1]);
      expect(found && JSON.parse(found)).toEqual(value && JSON.parse(value));
      expect(found === undefined).toBe(last === undefined);
    }),
    { numRuns: 500 },
  );
});
