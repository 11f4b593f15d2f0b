/**
 * What a function was asked for, or why it is refused: for what callers must expect. What nobody can
 * expect, and what only ever becomes the answer to a request, is thrown.
 */
export type Result<T, E> = T | Refused<E>;

/** `why` says what went wrong: a text, or an object whose `kind` tells the cases apart. */
export class Refused<const E> {
  constructor(readonly why: E) {}
}

export function isRefused<T, E>(result: Result<T, E>): result is Refused<E> {
  return result instanceof Refused;
}
