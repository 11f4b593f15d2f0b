import type { Language } from "./language";

type Values = Record<string, string | number>;
export type Translate<Key extends string> = (key: Key, values?: Values) => string;

/**
 * Words are texts in every language, by key. Called with a reader, they give texts in the reader's
 * language.
 */
export interface Words<Key extends string> {
  (reader: { language: Language }): Translate<Key>;
  texts: Readonly<Record<Language, Readonly<Record<Key, string>>>>;
}

export type KeyOf<Some> = Some extends Words<infer Key> ? Key : never;

/**
 * Defines the words of a feature, with those it shares with `others`. The compiler refuses a key
 * that a language lacks. A key is in one place only.
 */
export function defineWords<Own extends string, Others extends readonly Words<never>[]>(
  own: Record<Language, Record<Own, string>>,
  ...others: Others
): Words<Own | KeyOf<Others[number]>> {
  const all = (language: Language) =>
    Object.assign({}, ...others.map(({ texts }) => texts[language]), own[language]) as Record<
      Own | KeyOf<Others[number]>,
      string
    >;
  const texts = { es: all("es"), en: all("en") };
  const tell = { es: translator(texts.es), en: translator(texts.en) };
  return Object.assign(({ language }: { language: Language }) => tell[language], { texts });
}

/** Tells whether there is a text under a key made from data, such as a task's event. */
export function hasKey<Key extends string>(words: Words<Key>, key: string): key is Key {
  return Object.hasOwn(words.texts.es, key);
}

/** A place is `{name}`, or `{name|a word for one|for any other number}`. */
const PLACE = /\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g;

/**
 * Makes the function that fills in texts: `{name}` is replaced by the value of that name, and
 * `{count|task|tasks}` by the word that goes with the number of that name.
 */
function translator<Key extends string>(texts: Readonly<Record<Key, string>>): Translate<Key> {
  return (key, values = {}) =>
    texts[key].replaceAll(PLACE, (whole, name: string, one?: string, other?: string) => {
      const value = String(values[name] ?? whole);
      return one === undefined ? value : value === "1" ? one : String(other);
    });
}
