/** This file generates JSON texts with one fault, or with what no parser should be given. */
import * as fc from "fast-check";
import { anyJson, hostileText } from "./arbitraries";

/** `literal` generates what JSON.stringify never writes. */
const literal = fc.constantFrom(
  "1e400",
  "-1e400",
  "-0",
  "1E-400",
  "123456789012345678901234567890",
  "0.1000000000000000055511151231257827",
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  "NaN",
  "Infinity",
  "01",
  "+1",
  "'x'",
  "undefined",
  "[".repeat(5000) + "]".repeat(5000),
  '{"a":'.repeat(2000) + "1" + "}".repeat(2000),
  `"${"x".repeat(70_000)}"`,
);

const PLACE = "\u0001";
const QUOTED = JSON.stringify(PLACE);

/** Removes, replaces, doubles or corrupts one member of a valid value, at any depth. */
export function broken(valid: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const change = fc.oneof(
    anyJson.map((value) => ({ how: "value" as const, value })),
    literal.map((text) => ({ how: "literal" as const, text })),
    fc.constant({ how: "gone" as const }),
    hostileText.map((name) => ({ how: "named" as const, name })),
    fc
      .constantFrom("__proto__", "constructor", "toString")
      .map((name) => ({ how: "more" as const, name })),
  );
  return fc.tuple(valid, fc.nat(), change).map(([value, at, how]) => breakAt(value, at, how));
}

type Change =
  | { how: "value"; value: unknown }
  | { how: "literal"; text: string }
  | { how: "gone" }
  | { how: "named"; name: string }
  | { how: "more"; name: string };

function breakAt(whole: unknown, at: number, change: Change): string {
  const copy: Holder & { root: unknown } = { root: structuredClone(whole) };
  const places = placesIn(copy);
  const [holder, name] = places[at % places.length] ?? [copy, "root"];
  switch (change.how) {
    case "gone":
      delete holder[name];
      return JSON.stringify(copy.root) ?? "";
    case "value":
      holder[name] = change.value;
      return JSON.stringify(copy.root) ?? "";
    case "literal":
      holder[name] = PLACE;
      return JSON.stringify(copy.root).replace(QUOTED, () => change.text);
    case "named":
      holder[change.name] = holder[name];
      return JSON.stringify(copy.root);
    case "more": // the same member twice, and a name with a meaning for objects
      holder[PLACE] = holder[name];
      return JSON.stringify(copy.root).replaceAll(QUOTED, () => JSON.stringify(change.name));
    default:
      return change satisfies never;
  }
}

type Holder = Record<string, unknown>;

function placesIn(root: Holder): [Holder, string][] {
  return Object.keys(root).flatMap((name): [Holder, string][] => {
    const value = root[name];
    const below = typeof value === "object" && value !== null ? placesIn(value as Holder) : [];
    return [[root, name], ...below];
  });
}

/**
 * Generates a text's bytes: unchanged, cut short, with invalid UTF-8, or with a byte order mark.
 */
export function asBytes(text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  const damage = fc.oneof(
    { weight: 8, arbitrary: fc.constant("none" as const) },
    { weight: 1, arbitrary: fc.constantFrom("cut", "byte", "mark", "twice") },
  );
  return fc.tuple(text, damage, fc.nat()).map(([whole, how, at]) => {
    const bytes = new TextEncoder().encode(whole);
    switch (how) {
      case "cut":
        return bytes.slice(0, bytes.length === 0 ? 0 : at % bytes.length);
      case "byte":
        bytes[at % Math.max(1, bytes.length)] = 0xff;
        return bytes;
      case "mark":
        return Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes]);
      case "twice":
        return new TextEncoder().encode(whole + whole);
      case "none":
        return bytes;
      default:
        return how satisfies never;
    }
  });
}
