import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isDeeperThan } from "../../src/lib/depth";
import { isRawNumber, parseAsSent, parseExact, toExact } from "../../src/lib/exact-json";
import { isRecord } from "../../src/lib/record";

/** Digits are often as many as a double has, or one more. */
const digits = fc.oneof(fc.stringMatching(/^\d{1,40}$/), fc.stringMatching(/^[5-9]\d{14,17}$/));
const optional = (text: fc.Arbitrary<string>) => fc.oneof(fc.constant(""), text);

/** A number is written in any way that JSON allows. */
const numberText = fc
  .tuple(
    fc.constantFrom("", "-"),
    digits.map((text) => text.replace(/^0+(?=\d)/, "")),
    optional(digits.map((text) => `.${text}`)),
    optional(
      fc
        .tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), fc.nat(400))
        .map(([e, sign, power]) => `${e}${sign}${power}`),
    ),
  )
  .map((parts) => parts.join(""));

/** JSON text is laid out as by JSON.stringify, its numbers written in any way. */
const jsonText = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    numberText,
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom("true", "false", "null"),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
    fc
      // Names begin with a letter, as JavaScript puts members named like indices before all others.
      .dictionary(
        fc.string().map((name) => `m${name}`),
        tie("value"),
        { maxKeys: 4 },
      )
      .map((members) => Object.entries(members).map(([name, text]) => [JSON.stringify(name), text]))
      .map((members) => `{${members.map((member) => member.join(":")).join(",")}}`),
  ),
})).value;

/** Returns a number's text as an exact fraction. */
function valueOf(text: string): { numerator: bigint; tenths: number } {
  const [, sign, whole = "", fraction = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  return {
    numerator: BigInt(`${sign}${whole}${fraction}`),
    tenths: Number(power) - fraction.length,
  };
}

function areEqual(a: string, b: string): boolean {
  const [x, y] = [valueOf(a), valueOf(b)];
  const least = Math.min(x.tenths, y.tenths);
  const scaled = ({ numerator, tenths }: typeof x) => numerator * 10n ** BigInt(tenths - least);
  return scaled(x) === scaled(y);
}

describe("JSON as it was sent", () => {
  it("is written digit by digit, whatever numbers it holds", () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(JSON.stringify(parseAsSent(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it.for([
    "12345678901234567",
    "3544790567247868102",
    "1e400",
    "-1E-400",
    "-0",
    "10.00",
    "1e2",
    "0.1e1",
    '{"a":[1.0,{"b":-0.0}],"t":"\\ud800 é \\u0000","__proto__":9007199254740993}',
  ])("gives %s back as it was written", (text) => {
    expect(JSON.stringify(parseAsSent(text))).toBe(text);
  });

  it("keeps the last of members with one name, as JSON.parse does", () => {
    expect(JSON.stringify(parseAsSent('{"a":1.0,"a":2.0}'))).toBe('{"a":2.0}');
    expect(JSON.stringify(parseAsSent('{"a":{"b":1.0},"a":2.0}'))).toBe('{"a":2.0}');
  });

  it("gives no object another prototype", () => {
    const read = parseAsSent('{"__proto__":{"isAdmin":1.0}}');
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect((read as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  it("is read however deep it is", () => {
    const text = `${"[".repeat(100_000)}1.0${"]".repeat(100_000)}`;
    expect(isDeeperThan(parseAsSent(text), 100)).toBe(true);
  });

  it("is no JSON where JSON.parse says so", () => {
    expect(() => parseAsSent('{"a":1.0,}')).toThrow(SyntaxError);
    expect(() => parseExact('{"a":12345678901234567,}')).toThrow(SyntaxError);
  });
});

describe("JSON read exactly", () => {
  it("has numbers where none is rounded", () => {
    const text =
      '{"id":4711,"big":9007199254740991,"price":19.90,"small":1e-7,"whole":5.0,"n":1E2}';
    expect(parseExact(text)).toEqual({
      id: 4711,
      big: 9007199254740991,
      price: 19.9,
      small: 1e-7,
      whole: 5,
      n: 100,
    });
  });

  it("takes the 17 digits some programs give all their numbers for what they mean", () => {
    expect(parseExact("[0.10000000000000001,0.30000000000000004]")).toEqual([0.1, 0.1 + 0.2]);
  });

  it.for(["12345678901234567", "9223372036854775808", "1e400", "1e-400", "1.00000000000000001"])(
    "has %s as it was written",
    (text) => {
      expect(parseExact(`[${text}]`)).toSatisfy((list) => isRawNumber((list as unknown[])[0]));
      expect(JSON.stringify(parseExact(text))).toBe(text);
    },
  );

  it("has a raw number exactly where a double, written shortest or in 17 digits, is another number", () => {
    fc.assert(
      fc.property(numberText, (text) => {
        const double = Number(text);
        const isExact =
          Number.isFinite(double) &&
          (areEqual(text, String(double)) || areEqual(text, double.toPrecision(17)));
        expect(isRawNumber(parseExact(text))).toBe(!isExact);
        expect(toExact(parseAsSent(text))).toEqual(parseExact(text));
      }),
      { numRuns: 10_000 },
    );
  });

  it("takes no time for a number of a megabyte", () => {
    const text = `[1${"0".repeat(500_000)}1,0.${"0".repeat(500_000)}1]`;
    expect(JSON.stringify(parseExact(text))).toBe(text);
  });
});

it("is no object, and no level of nesting", () => {
  const raw = parseAsSent("1.0");
  expect(isRecord(raw)).toBe(false);
  expect(isDeeperThan(raw, 0)).toBe(false);
  expect(isDeeperThan(parseAsSent("[1.0]"), 1)).toBe(false);
});
