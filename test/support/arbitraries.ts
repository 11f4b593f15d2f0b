import * as fc from "fast-check";

/** Generates any UTF-16, lone surrogates and control characters included. */
export const anyUtf16 = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
});

/** Generates strings that have broken systems before. */
export const hostileText = fc.oneof(
  anyUtf16,
  fc.string({ unit: "binary", maxLength: 400 }),
  fc.constantFrom(
    "",
    " ",
    "\u0000",
    "\u0085",
    "\u2028",
    "\u202e",
    "\ufeff",
    "\ud800",
    "a\udfff",
    "__proto__",
    "constructor",
    "'; DROP TABLE orders; --",
    "<script>alert(1)</script>",
    "💥".repeat(64),
    "x".repeat(100_000),
    "\n".repeat(300),
  ),
);

export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  hostileText,
  fc.constantFrom(0, -1, -0, 0.5, 1e-7, 1e21, 2 ** 53, Number.MAX_VALUE),
);

const word = fc.stringMatching(/^[A-Za-z0-9ÑñáÉ漢字-]{1,20}$/);

export const validId = fc.oneof(
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  word,
  fc.stringMatching(/^[!-~]{1,64}$/),
  fc.constantFrom("💥".repeat(64), "x".repeat(64), Number.MAX_SAFE_INTEGER),
);

const customer = fc
  .oneof(
    word,
    fc.tuple(word, word).map((words) => words.join(" ")),
    fc.constant("c".repeat(255)),
  )
  .filter((text) => text.length <= 255);

const line = fc.record({
  sku: fc.oneof(fc.stringMatching(/^P\d{1,5}$/), word, fc.constant("S".repeat(64))),
  cantidad: fc.integer({ min: 1, max: 10_000 }),
});

/** Generates orders as producers send them, all valid. */
export const validOrder = fc.record({
  id: validId,
  cliente: customer,
  productos: fc.oneof(
    fc.array(line, { minLength: 1, maxLength: 6 }),
    fc.array(line, { minLength: 200, maxLength: 200 }),
  ),
});

function mostly<T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<unknown> = anyJson) {
  return fc.oneof({ weight: 8, arbitrary: good }, { weight: 1, arbitrary: bad });
}

/** Generates orders with one fault, or none. */
export const nearlyAnOrder = fc.record(
  {
    id: mostly(validId),
    cliente: mostly(customer),
    productos: mostly(
      fc.array(
        mostly(
          fc.record(
            {
              sku: mostly(line.map(({ sku }) => sku)),
              cantidad: mostly(line.map((l) => l.cantidad)),
            },
            { requiredKeys: [] },
          ),
        ),
        { maxLength: 205 },
      ),
    ),
    extra: anyJson,
  },
  { requiredKeys: [] },
);
