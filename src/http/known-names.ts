import { AppError } from "./errors";

/** A refusal lists the known names when none is near, unless there are more than TOLD. */
const TOLD = 15;
const SHOWN_CHARACTERS = 100;

export interface UnknownName {
  name: string;
  /** `nearest` is the known name that may have been meant. */
  nearest: string | undefined;
  known: readonly string[];
}

/** An UnknownNameError is a class of its own because pages translate it. */
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

/** Writes, for example, "statuss: unknown; did you mean status?". */
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
 * Throws 400 `invalid_parameter` for an unknown name, which would be ignored in silence, and for a
 * repeated one, of which only one value would count.
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

/** Throws 400 for the query of an address, as `assertKnown` does. */
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

/**
 * Returns the known name with the smallest edit distance, if that is small for the name's length.
 */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  const typed = shown(name).toLowerCase();
  const distances = known.map((each) => distance(typed, each.toLowerCase()));
  const least = Math.min(...distances);
  const nearest = known[distances.indexOf(least)];
  return nearest !== undefined && least <= Math.ceil(nearest.length / 3) ? nearest : undefined;
}

/** Returns the edit distance: letters added, left out, replaced or swapped with the next. */
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
