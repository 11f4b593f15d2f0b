/**
 * Blocks whose marks make no other letter. Those of other scripts (the vowels of Indic ones and of
 * Thai, the voicing of Japanese) do, and stay.
 */
const BLOCKS = [
  String.raw`\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff`, // Latin, Greek, Cyrillic
  String.raw`\u0483-\u0487\u0591-\u05c7`, // old Cyrillic; Hebrew points
  String.raw`\u0610-\u06ed\u0711-\u074a`, // vowels of Arabic and of Syriac
  String.raw`\u20d0-\u20ff\ufe00-\ufe2f`, // of symbols and emoji; halves
];
const ACCENTS = new RegExp(String.raw`[\p{Mn}&&[${BLOCKS.join("")}]]`, "gv");
/** What is not seen, such as joiners, marks of direction and soft hyphens, and Arabic's stretching. */
const UNSEEN = /[\p{DI}\u0640]/gu;
const SPACES = /\s+/gu;
/** Letters whose accent Unicode does not take off, those that are two, and the last of a word. */
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
 * What two texts have in common that a reader takes for the same: without case, accents, width and
 * ligatures, composed (NFC), trimmed, each white space a single one. Folding again changes nothing.
 * Never empty for a text with something in it: one of accents alone stands for itself.
 */
export function fold(text: string): string {
  if (ASCII.test(text)) {
    return text.toLowerCase();
  }
  const folded = text
    .normalize("NFKD")
    // By way of upper case, which opens "ß" and gives "ı" and "ſ" the case of "i" and "s".
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

/** Tells whether a text has every word of the search in it, in whatever order, folded. */
export function wordFinder(search: string): (text: string) => boolean {
  const words = fold(search).split(" ");
  return (text) => {
    const folded = fold(text);
    return words.every((word) => folded.includes(word));
  };
}

/** The ways Unicode may write a name, as given first: how one may be stored that must stay exact. */
export function formsOf(name: string): string[] {
  return [...new Set([name, name.normalize("NFC"), name.normalize("NFD")])];
}

/** Tells whether a name is the one asked for, folded; any is where none is asked for. */
export function nameMatcher(asked: string | undefined): (name: string) => boolean {
  const folded = asked === undefined ? undefined : fold(asked);
  return (name) => folded === undefined || fold(name) === folded;
}
