/**
 * What a function was asked for, or why it is refused: for what callers must expect. What nobody can
 * expect, and what only ever becomes the answer to a request, is thrown. A read that finds nothing gives
 * null or undefined, as there is no more to say, and a boolean says whether something changed where
 * either is fine. A class does not cross to another object: what does is plain data.
 */
export type Result<T, E> = T | Refused<E>;

/** `why` says what went wrong: a text, or an object whose `kind` tells the cases apart. */
export class Refused<const E> {
  constructor(readonly why: E) {}
}

export function isRefused<T, E>(result: Result<T, E>): result is Refused<E> {
  return result instanceof Refused;
}
