/**
 * These bounds limit what the engine keeps of inputs, results and texts. A text is cut, with a mark.
 * An input over its bound is refused, and a result over it fails its task. Tracked work is never
 * refused: of what is too large, its size and beginning are kept.
 */

/** An input, a result or a finished step is JSON of at most this length. */
export const MAX_JSON_CHARACTERS = 64_000;
/** A checkpoint and all finished steps have to fit into one row, for which D1 has two megabytes. */
export const MAX_CHECKPOINT_BYTES = 1_000_000;
export const MAX_STEPS_BYTES = 500_000;
/** A failure's detail, all that it says besides its message, is JSON of at most this length. */
export const MAX_DETAIL_CHARACTERS = 4000;
export const MAX_MESSAGE_CHARACTERS = 500;
export const MAX_STEP_CHARACTERS = 500;
export const MAX_TRACEBACK_CHARACTERS = 16_000;
export const MAX_NAME_CHARACTERS = 100;
