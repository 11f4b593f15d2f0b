/**
 * How much is kept of what is not the engine's own: inputs, results and words. Words are cut, with a
 * mark; an input is refused, and a result fails its task, but for those of work that runs elsewhere.
 */

/** The longest input, result or finished step, as JSON text. */
export const MAX_JSON_CHARACTERS = 64_000;
/** The largest checkpoint, and all finished steps together: D1 keeps two megabytes a row. */
export const MAX_CHECKPOINT_BYTES = 1_000_000;
export const MAX_STEPS_BYTES = 500_000;
/** The longest text of what a failure says besides its message. */
export const MAX_DETAIL_CHARACTERS = 4000;
export const MAX_MESSAGE_CHARACTERS = 500;
export const MAX_STEP_CHARACTERS = 500;
export const MAX_TRACEBACK_CHARACTERS = 16_000;
export const MAX_NAME_CHARACTERS = 100;
