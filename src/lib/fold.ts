/**
 * ACCENTS is limited to these blocks, because there a mark does not make another letter. In other
 * scripts (the vowels of Indic ones and of Thai, the voicing of Japanese) marks carry meaning and
 * are kept.
 */
const BLOCKS = [
  String.raw`\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff`, // Latin, Greek, Cyrillic
  String.raw`\u0483-\u0487\u0591-\u05c7`, // old Cyrillic; Hebrew points
  String.raw`\u0610-\u06ed\u0711-\u074a`, // vowels of Arabic and of Syriac
  String.raw`\u20d0-\u20ff\ufe00-\ufe2f`, // marks of symbols and emoji; half marks
];
const ACCENTS = new RegExp(String.raw`[\p{Mn}&&[${BLOCKS.join("")}]]`, "gv");
/**
 * UNSEEN matches characters that are not displayed (joiners, direction marks, soft hyphens) and the
 * Arabic letter stretcher.
 */
const UNSEEN = /[\p{DI}\u0640]/gu;
const SPACES = /\s+/gu;
/** LETTERS maps letters that NFKD leaves whole: stroked letters, ligatures, and the final sigma. */
const LETTERS: Record<string, string> = {
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ħ: "h",
  ł: "l",
  ŧ: "t",
  ς: "σ",
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "gu");
const ASCII = /^[!-~]+(?: [!-~]+)*$/;

/**
 * Returns the search key of a text: equal for all texts that a reader takes for the same. It
 * ignores case, accents, width, ligatures and surplus white space, and is composed (NFC). Folding
 * twice changes nothing. A non-blank text never folds to "": one of accents alone is kept.
 */
export function fold(text: string): string {
  if (ASCII.test(text)) {
    return text.toLowerCase();
  }
  const folded = text
    .normalize("NFKD")
    // The detour through upper case expands "ß" and unifies "ı" with "i" and "ſ" with "s".
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll(ACCENTS, "")
    .replaceAll(UNSEEN, "")
    .replaceAll(LETTER, (letter) => LETTERS[letter] ?? letter)
    .normalize("NFC")
    .replaceAll(SPACES, " ")
    .trim();
  return folded === "" ? text.normalize("NFKC").trim() : folded;
}

/** Returns a test for texts that contain every word of `search`, folded, in any order. */
export function wordFinder(search: string): (text: string) => boolean {
  const words = fold(search).split(" ");
  return (text) => {
    const folded = fold(text);
    return words.every((word) => folded.includes(word));
  };
}

/**
 * Returns the Unicode forms of a name, the given one first, for columns that store names unfolded.
 */
export function formsOf(name: string): string[] {
  return [...new Set([name, name.normalize("NFC"), name.normalize("NFD")])];
}

/** Returns a test for names equal to `asked` when folded. Without `asked` every name passes. */
export function nameMatcher(asked: string | undefined): (name: string) => boolean {
  const folded = asked === undefined ? undefined : fold(asked);
  return (name) => folded === undefined || fold(name) === folded;
}
