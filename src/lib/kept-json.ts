import { cutText } from "./cut-text";

const SHOWN_CHARACTERS = 1000;

/** JSON text to be kept whatever its size: in place of what is too large, its size and beginning. */
export function keptJson(text: string, most: number): string {
  return text.length <= most
    ? text
    : JSON.stringify({
        too_large: true,
        characters: text.length,
        beginning: cutText(text, SHOWN_CHARACTERS),
      });
}
