import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type AppEnv, validationHook } from "../http/app-env";
import { AppError } from "../http/errors";
import { pageLanguage } from "../http/page-language";
import { problems } from "../http/problem-docs";
import { createRoute } from "../http/route";
import { isRefused } from "../lib/result";
import { log } from "../log";
import { fileKey } from "./file";
import { readLink } from "./link";
import { fileNotFound } from "./routes";

const downloadRoute = createRoute({
  method: "get",
  path: "/{task_id}",
  tags: ["exports"],
  summary: "Download an export's file: for whoever has its link",
  request: {
    params: z.object({ task_id: z.string() }),
    query: z.object({
      expires: z.string().default(""),
      k: z.string().default(""),
      ...pageLanguage,
    }),
  },
  responses: {
    200: { description: "The file: text/csv or application/x-ndjson" },
    ...problems({
      403: "The link is not one this site gave out",
      404: "The file is deleted",
      410: "The link has expired",
      503: "The store of files did not answer",
    }),
  },
});

function notNow(error: unknown): never {
  log.error("exports.bucket_failed", { message: String(error) });
  const detail = "The store of files did not answer. Try again.";
  throw new AppError(503, "files_unavailable", detail, {}, { "retry-after": "5" });
}

/** Files of exports are served at /exports, openly, as the link says who may download. */
export const downloadRoutes = new OpenAPIHono<AppEnv>({
  strict: false,
  defaultHook: validationHook,
}).openapi(downloadRoute, async (c) => {
  const { task_id } = c.req.valid("param");
  const { FILES: files } = c.env;
  const link = await readLink(c.env, task_id, c.req.valid("query"), Date.now());
  if (isRefused(link)) {
    throw link.why === "expired"
      ? new AppError(410, "link_expired", "This link has expired: ask for another.")
      : new AppError(403, "invalid_file_link", "This link is not one this site gave out.");
  }
  const key = fileKey(task_id);
  const file = c.req.method === "HEAD" ? null : await files.get(key).catch(notNow);
  const object = file ?? (await files.head(key).catch(notNow));
  if (object === null) {
    throw fileNotFound();
  }
  const headers = new Headers({ "content-length": String(object.size) });
  object.writeHttpMetadata(headers);
  return new Response(file?.body ?? null, { headers });
});
