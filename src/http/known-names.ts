import { AppError } from "./errors";

/** The known names are told where none is near, if they are no more than these. */
const TOLD = 15;
const SHOWN_CHARACTERS = 100;

export interface UnknownName {
  name: string;
  /** The known one that may have been meant. */
  nearest: string | undefined;
  known: readonly string[];
}

/** Pages tell it in their reader's language. */
export class UnknownNameError extends AppError {
  constructor(readonly unknown: UnknownName) {
    super(400, "invalid_parameter", inWords(unknown), { parameter: unknown.name });
  }
}

export function findUnknown(
  names: Iterable<string>,
  known: readonly string[],
): UnknownName | undefined {
  for (const name of names) {
    if (!known.includes(name)) {
      return { name: shown(name), nearest: nearestOf(name, known), known };
    }
  }
  return undefined;
}

/** "statuss: unknown; did you mean status?" */
export function inWords({ name, nearest, known }: UnknownName): string {
  const hint =
    nearest !== undefined
      ? `did you mean ${nearest}?`
      : known.length === 0
        ? "nothing is taken here"
        : known.length <= TOLD
          ? `known here: ${known.join(", ")}`
          : "see /api/docs for what is known here";
  return `${name === "" ? '""' : name}: unknown; ${hint}`;
}

export class RepeatedNameError extends AppError {
  constructor(readonly repeated: string) {
    const detail = `${repeated}: given more than once`;
    super(400, "invalid_parameter", detail, { parameter: repeated });
  }
}

/**
 * Throws 400 `invalid_parameter` for a name that is not known, which would say nothing, and for one
 * that is given twice, of which only one would count.
 */
export function assertKnown(
  names: readonly string[],
  known: readonly string[],
  repeatable: readonly string[] = [],
): void {
  const unknown = findUnknown(names, known);
  if (unknown) {
    throw new UnknownNameError(unknown);
  }
  const repeated = names.find((name, at) => names.indexOf(name) < at && !repeatable.includes(name));
  if (repeated !== undefined) {
    throw new RepeatedNameError(repeated);
  }
}

/** Throws 400 as `assertKnown` does, for the query of an address. */
export function assertKnownQuery(
  url: string,
  known: readonly string[],
  repeatable?: readonly string[],
): void {
  if (url.includes("?")) {
    assertKnown([...new URL(url).searchParams.keys()], known, repeatable);
  }
}

function shown(name: string): string {
  return name.slice(0, SHOWN_CHARACTERS).toWellFormed();
}

/** The known name with the fewest letters to change, when those are few for its length. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  const typed = shown(name).toLowerCase();
  const distances = known.map((each) => distance(typed, each.toLowerCase()));
  const least = Math.min(...distances);
  const nearest = known[distances.indexOf(least)];
  return nearest !== undefined && least <= Math.ceil(nearest.length / 3) ? nearest : undefined;
}

/** How many letters must be added, left out, replaced or swapped with the next to make one the other. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row];
    for (let at = 1; at <= to.length; at += 1) {
      const same = from[row - 1] === to[at - 1] ? 0 : 1;
      const swapped = from[row - 2] === to[at - 1] && from[row - 1] === to[at - 2];
      line[at] = Math.min(
        (last[at] ?? 0) + 1,
        (line[at - 1] ?? 0) + 1,
        (last[at - 1] ?? 0) + same,
        row > 1 && at > 1 && swapped ? (before[at - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, last] = [last, line];
  }
  return last[to.length] ?? 0;
}
