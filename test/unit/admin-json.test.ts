import { array, assert, constantFrom, json, oneof, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { prettyJson } from "../../src/admin/tasks/one/pretty-json";
import { findJsonError } from "../../src/admin/replay/json-error";

it("escapes what would turn the reading direction", () => {
  expect(prettyJson("a\u202eb")).toBe('"a\\u202eb"');
});

describe("the place where a text stops being JSON", () => {
  it.for([
    ["", 1, 1, null],
    ["{", 1, 2, null],
    ['{"a":1,}', 1, 8, "}"],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, '"'],
    ['{"a":01}', 1, 7, "1"],
    ["[1,2", 1, 5, null],
    ["[1,]", 1, 4, "]"],
    ["[}", 1, 2, "}"],
    ["{a:1}", 1, 2, "a"],
    ["{'a':1}", 1, 2, "'"],
    ['{"a" 1}', 1, 6, "1"],
    ['"a\nb"', 1, 3, "\n"],
    ['{"😀":"\\x"}', 1, 7, "\\"],
    ["1 2", 1, 3, "2"],
    ["tru", 1, 1, "t"],
    ["[1]]", 1, 4, "]"],
  ] as const)("%j: line %i, column %i", ([text, line, column, found]) => {
    expect(findJsonError(text)).toEqual({ line, column, found });
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it("is found exactly in those texts that are not JSON", () => {
    const piece = constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"',
      "1",
      "-",
      "0",
      ".5",
      "e3",
      "true",
      "nul",
      " ",
      "\n",
      "\\",
      "\t",
    );
    assert(
      property(
        oneof(
          array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
          json(),
          string(),
        ),
        (text) => {
          let isJson = true;
          try {
            JSON.parse(text);
          } catch {
            isJson = false;
          }
          expect(findJsonError(text) === null).toBe(isJson);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
