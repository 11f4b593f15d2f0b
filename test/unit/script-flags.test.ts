import { describe, expect, it } from "vitest";
import { readFlags, readOnlyFlags, readVariables } from "../../scripts/lib/flags.mjs";

const KNOWN = { port: "value", var: "list", help: "switch" } as const;
const read = (...argv: string[]) => readFlags(argv, KNOWN);

describe("flags", () => {
  it("are taken as they are written, and what is not known is left", () => {
    expect(read("--port", "9000", "--var", "A:1", "B:-2", "--other", "x", "--help")).toEqual({
      flags: { port: "9000", var: ["A:1", "B:-2"], help: true },
      rest: ["--other", "x"],
    });
    expect(read("--port=-1", "--var=A:=$x y", "--var", "B:'2'").flags).toEqual({
      port: "-1",
      var: ["A:=$x y", "B:'2'"],
    });
  });

  it.each([
    [["--port"], "--port takes a value"],
    [["--port="], "--port takes a value"],
    [["--port", ""], "--port takes a value"],
    [["--port", "--help"], "--port takes a value, not --help"],
    [["--port", "-1"], "--port takes a value, not -1"],
    [["--var"], "--var takes a value"],
    [["--var", "--port", "1"], "--var takes a value, not --port"],
    [["--port", "1", "--port", "1"], "--port is given twice"],
    [["--help", "--help"], "--help is given twice"],
    [["--help=false"], "--help takes no value"],
  ])("that say nothing, or two things, are refused by name: %j", (argv, problem) => {
    expect(() => read(...argv)).toThrow(problem);
  });

  it.each([[["--prot", "1"]], [["--port", "1", "2"]], [["-p"]]])(
    "that nobody knows are refused by name: %j",
    (argv) => {
      const [unknown = ""] = readFlags(argv, KNOWN).rest;
      expect(() => readOnlyFlags(argv, KNOWN)).toThrow(`${unknown} is none of the flags`);
    },
  );

  it("hold variables with any value, each once", () => {
    const value = "http://x:80/?a=b$c";
    expect(readVariables([`URL:${value}`, "EMPTY:"])).toEqual({ URL: value, EMPTY: "" });
    expect(() => readVariables(["A:1", "A:2"])).toThrow("--var A is given twice");
    expect(() => readVariables(["A=1"])).toThrow("--var takes NAME:value, not A=1");
    expect(() => readVariables([":1"])).toThrow("--var takes NAME:value, not :1");
  });
});
