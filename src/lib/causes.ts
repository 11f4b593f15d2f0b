const MAX_CAUSES = 20;

/** An error and what caused it, outermost first; none of what is no error. They may go round. */
export function causesOf(thrown: unknown): Error[] {
  const errors: Error[] = [];
  for (let error = thrown; error instanceof Error && errors.length < MAX_CAUSES;) {
    errors.push(error);
    error = error.cause;
  }
  return errors;
}
