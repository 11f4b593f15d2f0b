import { Hono, type HonoRequest } from "hono";
import type { AppEnv } from "../http/app-env";
import { AppError } from "../http/errors";
import { limitBody, wholeBody } from "../http/body-limit";
import { callAuth } from "./gate";
import { AUTH_PATH } from "./settings";

/**
 * The routes of sessions and people, mounted at /api/auth, are better-auth's endpoints with the
 * site's errors.
 */
export const authRoutes = new Hono<AppEnv>({ strict: false });

authRoutes.use(limitBody());

authRoutes.on(["GET", "POST"], "/*", async (c) => {
  const url = new URL(c.req.url);
  const path = url.pathname.slice(AUTH_PATH.length).replace(/\/+$/, "");
  return c.req.raw.method === "POST"
    ? callAuth(c, { method: "POST", path, search: url.search, body: await readJson(c.req) })
    : callAuth(c, { method: "GET", path, search: url.search });
});

/** Parses the body here, because better-auth answers 500 to a body that is not JSON. */
async function readJson(request: HonoRequest): Promise<unknown> {
  const text = new TextDecoder().decode(await wholeBody(() => request.arrayBuffer()));
  if (text === "") {
    return undefined;
  }
  if (!/^application\/json\s*(?:;|$)/i.test(request.header("content-type") ?? "")) {
    throw new AppError(415, "unsupported_media_type", "Send the body as application/json.");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError(400, "invalid_json", "The body is not JSON.");
  }
}
