const LANGUAGES = ["es", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

export function parseLanguage(text: string | null | undefined): Language | null {
  return LANGUAGES.find((language) => language === text) ?? null;
}

/**
 * Returns the best known language of an Accept-Language header, by its weights; null when it has
 * none.
 */
export function acceptedLanguage(header: string | null | undefined): Language | null {
  const wishes = (header ?? "").split(",").flatMap((wish) => {
    const [tag = "", ...parameters] = wish.trim().toLowerCase().split(";");
    const language = parseLanguage(tag.split("-")[0]);
    const q = parameters.find((parameter) => parameter.trim().startsWith("q="));
    const weight = q === undefined ? 1 : Number(q.trim().slice(2));
    return language !== null && weight > 0 ? [{ language, weight }] : [];
  });
  return wishes.toSorted((a, b) => b.weight - a.weight)[0]?.language ?? null;
}
