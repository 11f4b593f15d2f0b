import { en } from "./en";
import { es } from "./es";
import type { Language } from "./language";

export type Key = keyof typeof es;
export type Translate = (key: Key, values?: Record<string, string | number>) => string;

const dictionaries: Record<Language, Record<Key, string>> = { es, en };

/** `{name}`, or `{name|a word for one|for any other number}`. */
const PLACE = /\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g;

/**
 * Texts of a language; `{name}` in a text is replaced by the value of that name, and
 * `{count|task|tasks}` by the word that goes with the number of that name.
 */
export function translator(language: Language): Translate {
  const dictionary = dictionaries[language];
  return (key, values = {}) =>
    dictionary[key].replaceAll(PLACE, (whole, name: string, one?: string, other?: string) => {
      const value = String(values[name] ?? whole);
      return one === undefined ? value : value === "1" ? one : String(other);
    });
}

/** Whether there is a text under a key made from data, such as a task's event. */
export function isKey(key: string): key is Key {
  return Object.hasOwn(es, key);
}
