import { describe, expect, it } from "vitest";
import { acceptedLanguage } from "../../src/i18n/language";
import { defineWords, hasKey, type Words } from "../../src/i18n/words";
import { readSources } from "../support/sources.mjs";

const sources = readSources();
const isWords = (file: string) => /^admin\/\w+\/words\.ts$/.test(file);

/** The dictionaries are those of every file of words, by the folder it is in. */
const dictionaries = new Map(
  await Promise.all(
    [...sources.keys()].filter(isWords).map(async (file) => {
      const module = (await import(`../../src/${file}`)) as Record<string, Words<string>>;
      const [words] = Object.values(module);
      if (!words) {
        throw new Error(`${file} has no words`);
      }
      return [file.replace(/\/words\.ts$/, ""), words] as const;
    }),
  ),
);

/**
 * Returns the keys that a file of words has of its own, as they are written there, in both
 * languages.
 */
function ownKeys(folder: string): string[] {
  const text = sources.get(`${folder}/words.ts`) ?? "";
  return [...text.matchAll(/^ +"([\w.]+)":/gm)].map(([, key = ""]) => key);
}

/**
 * Returns keys that are written whole, and the beginnings of those put together from data, such as
 * `status.${…}`.
 */
function askedFor(files: Iterable<[string, string]>) {
  const code = [...files].map(([, text]) => text).join("\n");
  const written = new Set(
    [...code.matchAll(/["'`]([a-z]\w*(?:\.\w+)+)["'`]/g)].map(([, key]) => key),
  );
  const patterns = [...code.matchAll(/`([a-z]\w*\.[^`\s]*\$\{[^`\s]*)`/g)].map(
    ([, template = ""]) =>
      new RegExp(`^${template.replaceAll(".", "\\.").replaceAll(/\$\{[^}]*\}/g, "[\\w]+")}$`),
  );
  return (key: string) => written.has(key) || patterns.some((pattern) => pattern.test(key));
}

function placeholders(text: string): string[] {
  return [...new Set(text.match(/(?<=\{)\w+/g))].toSorted();
}

const code = [...sources].filter(([file]) => !isWords(file));

describe.each([...dictionaries])("the words of %s", (folder, words) => {
  const own = [...new Set(ownKeys(folder))];

  it("have the same keys in both languages, each once", () => {
    expect(own.length).toBeGreaterThan(0);
    expect(ownKeys(folder)).toEqual([...own, ...own]);
    expect(Object.keys(words.texts.en).toSorted()).toEqual(Object.keys(words.texts.es).toSorted());
  });

  it("are asked for there, or by those above", () => {
    const isAsked = askedFor(code.filter(([file]) => file.startsWith("admin/")));
    expect(own.filter((key) => !isAsked(key))).toEqual([]);
  });

  it.for(own)("say %s with the same values, trimmed, in both", (key) => {
    const texts = [words.texts.en[key] ?? "", words.texts.es[key] ?? ""];
    expect(placeholders(texts[0] ?? "")).toEqual(placeholders(texts[1] ?? ""));
    for (const text of texts) {
      expect(text).toBe(text.trim());
      expect(text).not.toBe("");
    }
  });
});

describe("words", () => {
  it("are in one file only", () => {
    const all = [...dictionaries.keys()].flatMap((folder) => [...new Set(ownKeys(folder))]);
    expect(all.length).toBeGreaterThan(800);
    expect(all.filter((key, at) => all.indexOf(key) < at)).toEqual([]);
  });

  it("are there for every key the code asks for", () => {
    const asked = code.flatMap(([file, text]) => {
      const words = dictionaries.get(file.split("/").slice(0, 2).join("/"));
      const keys = [...text.matchAll(/\bt\(\s*"([^"]+)"/g)].map(([, key = ""]) => key);
      return words ? keys.map((key) => [key, hasKey(words, key)] as const) : [];
    });
    expect(asked.length).toBeGreaterThan(80);
    expect(asked.filter(([, isThere]) => !isThere)).toEqual([]);
  });
});

const BASE = defineWords({
  es: { "list.count": "{count} en total", "bulk.many": "Reintentar {count} {count|tarea|tareas}" },
  en: { "list.count": "{count} in all", "bulk.many": "Retry {count} {count|task|tasks}" },
});
const WORDS = defineWords(
  { es: { progress: "{ended} de {total}" }, en: { progress: "{ended} of {total}" } },
  BASE,
);

describe("a translator", () => {
  const [es, en] = [WORDS({ language: "es" }), WORDS({ language: "en" })];

  it("puts values in their places, whatever they hold", () => {
    expect(en("progress", { ended: "$&", total: "{ended}" })).toBe("$& of {ended}");
  });

  it.for([
    ["1", "Retry 1 task"],
    ["2", "Retry 2 tasks"],
    ["1,001", "Retry 1,001 tasks"],
    ["1+", "Retry 1+ tasks"],
  ])("takes the word that goes with the number: %s", ([count = "", text]) => {
    expect(en("bulk.many", { count })).toBe(text);
  });

  it("leaves the place of a missing value visible", () => {
    expect(es("list.count")).toBe("{count} en total");
  });
});

it("refuses a text that a language lacks, or that nobody wrote", () => {
  // @ts-expect-error: no English
  defineWords({ es: { a: "a", b: "b" }, en: { a: "a" } });
  // @ts-expect-error: no Spanish
  defineWords({ es: { a: "a" }, en: { a: "a", b: "b" } });
  // @ts-expect-error: not one of these words
  expect(() => WORDS({ language: "es" })("nothing")).toThrow(TypeError);
  expect(hasKey(WORDS, "list.count")).toBe(true);
  expect(hasKey(WORDS, "nothing")).toBe(false);
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
