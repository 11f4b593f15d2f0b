/**
 * INVISIBLE is part of a character class (flag "u") and matches what has no visible glyph:
 * controls, formats, half surrogates, spaces, characters that Unicode ignores by default (Hangul
 * fillers, variation selectors, tags), and letters drawn as nothing (the Braille blank, a musical
 * null notehead, Egyptian blanks, the Khitan filler).
 */
export const INVISIBLE = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{DI}\u2800\u{1D159}\u{13441}\u{13442}\u{16FE4}`;

const SEEN = new RegExp(`[^${INVISIBLE}]`, "u");

/** Tells whether a text has at least one visible character. */
export function isVisible(text: string): boolean {
  return SEEN.test(text);
}
