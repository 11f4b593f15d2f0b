import { charactersOf, cutText, isLonger } from "./cut-text";

const SHOWN_CHARACTERS = 1000;

/**
 * Returns JSON text that is safe to store: text that is too large is replaced by its size and
 * beginning.
 */
export function keptJson(text: string, most: number): string {
  return isLonger(text, most)
    ? JSON.stringify({
        too_large: true,
        characters: charactersOf(text),
        beginning: cutText(text, SHOWN_CHARACTERS),
      })
    : text;
}
