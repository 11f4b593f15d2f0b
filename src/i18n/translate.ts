import { en } from "./en";
import { es } from "./es";
import type { Language } from "./language";

export type Key = keyof typeof es;
export type Translate = (key: Key, values?: Record<string, string | number>) => string;

const dictionaries: Record<Language, Record<Key, string>> = { es, en };

/** Texts of a language; `{name}` in a text is replaced by the value of that name. */
export function translator(language: Language): Translate {
  const dictionary = dictionaries[language];
  return (key, values = {}) =>
    dictionary[key].replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
      String(values[name] ?? whole),
    );
}

/** Whether there is a text under a key made from data, such as a task's event. */
export function isKey(key: string): key is Key {
  return Object.hasOwn(es, key);
}
