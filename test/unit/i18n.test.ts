import { describe, expect, it } from "vitest";
import { en } from "../../src/i18n/en";
import { es } from "../../src/i18n/es";
import { acceptedLanguage } from "../../src/i18n/language";
import { type Key, translator } from "../../src/i18n/translate";
import { readSources } from "../support/sources.mjs";

const keys = Object.keys(es) as Key[];
const code = [...readSources()]
  .filter(([file]) => !/^i18n\/(?!language|translate)/.test(file))
  .map(([, text]) => text)
  .join("\n");

/** Keys written whole, and the beginnings of those put together from data, such as `status.${…}`. */
const written = new Set(
  [...code.matchAll(/["'`]([a-z]\w*(?:\.\w+)+)["'`]/g)].map(([, key]) => key),
);
const patterns = [...code.matchAll(/`([a-z]\w*\.[^`\s]*\$\{[^`\s]*)`/g)].map(
  ([, template = ""]) =>
    new RegExp(`^${template.replaceAll(".", "\\.").replaceAll(/\$\{[^}]*\}/g, "[\\w]+")}$`),
);

function placeholders(text: string): string[] {
  return [...new Set(text.match(/(?<=\{)\w+/g))].toSorted();
}

describe("the dictionaries", () => {
  it("have the same keys in both languages", () => {
    expect(Object.keys(en).toSorted()).toEqual(Object.keys(es).toSorted());
  });

  it("have a text for every key the code asks for", () => {
    const asked = [...code.matchAll(/\bt\(\s*"([^"]+)"/g)].map(([, key = ""]) => key);
    expect(asked.length).toBeGreaterThan(80);
    expect(asked.filter((key) => !Object.hasOwn(es, key))).toEqual([]);
  });

  it("have no key that the code never asks for", () => {
    const unused = keys.filter(
      (key) => !written.has(key) && !patterns.some((pattern) => pattern.test(key)),
    );
    expect(unused).toEqual([]);
  });

  it.for(keys)("say %s with the same values, trimmed, in both", (key) => {
    expect(placeholders(en[key])).toEqual(placeholders(es[key]));
    for (const text of [en[key], es[key]]) {
      expect(text).toBe(text.trim());
      expect(text).not.toBe("");
    }
  });
});

describe("a translator", () => {
  it("puts values in their places, whatever they hold", () => {
    const values = { ended: "$&", total: "{ended}" };
    expect(translator("en")("batch.progress", values)).toBe("$& of {ended} ended");
  });

  it.for([
    ["1", "Retry 1 task"],
    ["2", "Retry 2 tasks"],
    ["1,001", "Retry 1,001 tasks"],
    ["1+", "Retry 1+ tasks"],
  ])("takes the word that goes with the number: %s", ([count = "", text]) => {
    expect(translator("en")("bulk.retryMany", { count })).toBe(text);
  });

  it("leaves the place of a missing value visible", () => {
    expect(translator("es")("list.count")).toBe("{count} en total");
  });
});

describe("the language of a browser", () => {
  it.for([
    ["en", "en"],
    ["es-419,es;q=0.9,en;q=0.8", "es"],
    ["fr-FR,fr;q=0.9,en;q=0.7,es;q=0.3", "en"],
    ["en;q=0.2, es;q=0.8", "es"],
    ["EN-gb", "en"],
    ["en;q=0", null],
    ["fr, *;q=0.5", null],
    ["", null],
    [undefined, null],
    [";;,,q=", null],
    ["en;q=abc", null],
  ] as const)("%s is %s", ([header, language]) => {
    expect(acceptedLanguage(header)).toBe(language);
  });
});
