/**
 * What nobody sees, as part of a class of a regular expression with the flag "u": controls, formats,
 * half surrogates, spaces, what Unicode has ignored where text is shown (Hangul fillers, variation
 * selectors, tags), and the letters that are drawn as nothing (the Braille blank, a musical null
 * notehead, Egyptian blanks, the Khitan filler).
 */
export const INVISIBLE = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{DI}\u2800\u{1D159}\u{13441}\u{13442}\u{16FE4}`;

const SEEN = new RegExp(`[^${INVISIBLE}]`, "u");

/** Whether there is anything to see in a text. */
export function isVisible(text: string): boolean {
  return SEEN.test(text);
}
