import { expect, it } from "vitest";
import { withVariables } from "../../scripts/lib/wrangler-toml.mjs";

const TEXT = `name = "pedidos"
CATALOGUE_URL = "not a variable"

[vars]
LOG_LEVEL = "info"
CATALOGUE_URL = "" # the catalogue
LOCATION = 'weur'

[env.staging.vars]
CATALOGUE_URL = "https://old.example"
`;

it("writes a variable where the deployed environment reads it, and keeps the rest", () => {
  const url = "https://shop.example/$1";
  expect(withVariables(TEXT, undefined, { CATALOGUE_URL: url, LOCATION: "oc" })).toBe(
    TEXT.replace('"" # the', () => `"${url}" # the`).replace("'weur'", '"oc"'),
  );
  expect(withVariables(TEXT, "staging", { CATALOGUE_URL: url })).toBe(
    TEXT.replace("https://old.example", () => url),
  );
  expect(withVariables(TEXT, undefined, {})).toBe(TEXT);
});

it.each([
  ["staging", "LOCATION", "[env.staging.vars] has no line LOCATION"],
  ["nowhere", "CATALOGUE_URL", "[env.nowhere.vars] has no line CATALOGUE_URL"],
  [undefined, "DISCOUNT_RATE", "[vars] has no line DISCOUNT_RATE"],
])(
  "refuses, for environment %s, a %s that has no line to be written into",
  (env, name, problem) => {
    expect(() => withVariables(TEXT, env, { [name]: "x" })).toThrow(problem);
  },
);
