import { bodyLimit } from "hono/body-limit";
import { AppError } from "../http/errors";

const MAX_BYTES = 16_384;

/** Nothing said to this folder's routes is long. Throws 413 `too_large`. */
export const limitBody = bodyLimit({
  maxSize: MAX_BYTES,
  onError: () => {
    throw new AppError(413, "too_large", `The body is limited to ${MAX_BYTES} bytes.`);
  },
});
