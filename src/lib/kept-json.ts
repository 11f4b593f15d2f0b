import { charactersOf, cutText, isLonger } from "./cut-text";

const SHOWN_CHARACTERS = 1000;

/** JSON text to be kept whatever its size: in place of what is too large, its size and beginning. */
export function keptJson(text: string, most: number): string {
  return isLonger(text, most)
    ? JSON.stringify({
        too_large: true,
        characters: charactersOf(text),
        beginning: cutText(text, SHOWN_CHARACTERS),
      })
    : text;
}
