/** Flags that are numbers are read and checked by rules. */
import { readOnlyFlags } from "../lib/flags.mjs";

export interface NumberRule {
  default?: number;
  min?: number;
  max?: number;
  whole?: true;
}

type Camel<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name;

/** Each number has its flag's name in camelCase. */
export type Numbers<Rules extends Record<string, NumberRule>> = {
  [Name in keyof Rules & string as Camel<Name>]: Rules[Name] extends { default: number }
    ? number
    : number | undefined;
};

type Others = Parameters<typeof readOnlyFlags>[1];

/** `rules` say which flags are numbers; `others` are the rest. Throws with words for people. */
export function readNumberFlags<
  const Rules extends Record<string, NumberRule>,
  const Other extends Others,
>(argv: readonly string[], rules: Rules, others: Other) {
  const kinds = Object.fromEntries(Object.keys(rules).map((name) => [name, "value"] as const));
  const flags = readOnlyFlags(argv, { ...kinds, ...others });
  const numbers = Object.entries(rules).map(([name, rule]) => {
    const text = (flags as Record<string, string | undefined>)[name];
    const camel = name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return [camel, text === undefined ? rule.default : numberOf(name, text, rule)];
  });
  return {
    flags: flags as ReturnType<typeof readOnlyFlags<Other>>,
    numbers: Object.fromEntries(numbers) as Numbers<Rules>,
  };
}

/** Reads the number that a flag was given. */
export function numberOf(name: string, text: string, rule: NumberRule): number {
  const { min = -Infinity, max = Infinity, whole } = rule;
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
    const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
    throw new Error(`--${name} must be a ${whole ? "whole " : ""}number ${range}, not ${text}`);
  }
  return value;
}
