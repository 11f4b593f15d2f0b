import { bodyLimit } from "hono/body-limit";
import { AppError } from "./errors";

/** Refuses a longer body with 413 `body_too_large`, before all of it is read. */
export function limitBody(maxBytes = 16_384) {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new AppError(413, "body_too_large", `The body is limited to ${maxBytes} bytes`);
    },
  });
}
