const MAX_CAUSES = 20;

/**
 * Returns an error and its causes, outermost first. Causes that are not errors are left out, and a
 * cycle of causes ends.
 */
export function causesOf(thrown: unknown): Error[] {
  const errors: Error[] = [];
  for (let error = thrown; error instanceof Error && errors.length < MAX_CAUSES;) {
    errors.push(error);
    error = error.cause;
  }
  return errors;
}
