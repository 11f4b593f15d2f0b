import { OpenAPIHono, z } from "@hono/zod-openapi";
import { actingOf } from "../../audit/audit";
import { isRefused } from "../../lib/result";
import { endKey, makeKey } from "./key-commands";
import { database } from "../../db/client";
import { type AppEnv, validationHook } from "../../http/app-env";
import { AppError } from "../../http/errors";
import { limitBody } from "../../http/body-limit";
import { createRoute } from "../../http/route";
import { visibleText } from "../../http/visible-text";
import { SCOPES } from "../../caller";
import { listKeys, type StoredKey } from "./keys";
import { requireAdmin } from "../../http/require";

const scope = z.enum(SCOPES);

export const NewKeyBody = z
  .strictObject({
    name: visibleText(100),
    scopes: z.array(scope).min(1),
    expires_in_days: z.int().min(1).max(3650).optional(),
  })
  .openapi("NewKey");

const CreatedKey = z
  .object({
    id: z.string(),
    key: z
      .string()
      .openapi({ description: "Shown this once; send it as `Authorization: Bearer`." }),
    name: z.string(),
    scopes: z.array(scope),
    expires_at: z.iso.datetime().nullable(),
  })
  .openapi("CreatedKey");

const Key = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scope),
    created_by: z.string().openapi({ description: "Id of the administrator who made it." }),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable(),
    revoked_at: z.iso.datetime().nullable(),
    last_used_at: z.iso.datetime().nullable().openapi({ description: "To the minute." }),
  })
  .openapi("Key");

const KeyList = z.object({ count: z.int(), results: z.array(Key) }).openapi("KeyList");

const refused = {
  401: { description: "Not signed in" },
  403: { description: "Not an administrator" },
};

const createKeyRoute = createRoute({
  method: "post",
  path: "/",
  tags: ["keys"],
  summary: "Make an API key",
  request: { body: { required: true, content: { "application/json": { schema: NewKeyBody } } } },
  responses: {
    201: { description: "The key", content: { "application/json": { schema: CreatedKey } } },
    400: { description: "A parameter is wrong" },
    ...refused,
  },
});

const listKeysRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["keys"],
  summary: "List API keys, newest first",
  responses: {
    200: { description: "The keys", content: { "application/json": { schema: KeyList } } },
    ...refused,
  },
});

const revokeKeyRoute = createRoute({
  method: "delete",
  path: "/{id}",
  tags: ["keys"],
  summary: "Revoke an API key; it stops working within ten seconds",
  request: { params: z.object({ id: z.string() }) },
  responses: {
    204: { description: "Revoked, now or before" },
    404: { description: "No such key" },
    ...refused,
  },
});

const site = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });

site.use(requireAdmin(), limitBody());

/** The routes of API keys are mounted at /api/keys behind `identify()`. */
export const keyRoutes = site
  .openapi(createKeyRoute, async (c) => {
    const { name, scopes, expires_in_days: expiresInDays } = c.req.valid("json");
    const made = await makeKey(actingOf(c), { name, scopes, expiresInDays });
    return c.json(
      {
        id: made.id,
        key: made.key,
        name: made.name,
        scopes: made.scopes,
        expires_at: iso(made.expiresAt),
      },
      201,
    );
  })
  .openapi(listKeysRoute, async (c) => {
    const keys = await listKeys(database(c.env));
    return c.json({ count: keys.length, results: keys.map(present) }, 200);
  })
  .openapi(revokeKeyRoute, async (c) => {
    const { id } = c.req.valid("param");
    if (isRefused(await endKey(actingOf(c), id))) {
      throw new AppError(404, "not_found", `There is no key ${id}.`);
    }
    return c.body(null, 204);
  });

function present(key: StoredKey): z.infer<typeof Key> {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    created_by: key.createdBy,
    created_at: key.createdAt.toISOString(),
    expires_at: iso(key.expiresAt),
    revoked_at: iso(key.revokedAt),
    last_used_at: iso(key.lastUsedAt),
  };
}

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
