/** A text of at most so many characters (UTF-16 units): of a longer one the beginning, and "…". */
export function cutText(text: string, most: number): string {
  const kept =
    text.length > most ? `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : text;
  return kept.toWellFormed();
}
