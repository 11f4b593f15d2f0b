import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { except } from "hono/combine";
import { storedForms } from "../caller";
import { identify } from "../auth/identify";
import { requireCaller } from "../http/require";
import { limitBody } from "../http/body-limit";
import { type AppEnv, validationHook } from "../http/app-env";
import { AppError } from "../http/errors";
import { createRoute } from "../http/route";
import { cutFilterText, filterText } from "../http/filter-text";
import { isBatchId, isTaskId } from "../lib/ids";
import { MAX_NAME_CHARACTERS } from "../tasks/model/bounds";
import type { LiveFilter } from "./events";
import { type Admission, admit } from "./holder";
import { hubOf } from "./hub";
import type { Opening } from "./hub.do";
import { isAllowedOrigin } from "./origins";
import { makeTicket, readTicket, type Ticket } from "./tickets";

const Filter = z.object({
  user: filterText(200).optional(),
  module: cutFilterText(MAX_NAME_CHARACTERS).optional(),
  lote: z.string().refine(isBatchId, "not the id of a batch").optional(),
  task: z.string().refine(isTaskId, "not a task's id").optional(),
});

const Since = z.object({
  epoch: z.string().max(40).optional(),
  seq: z.coerce.number().int().min(0).optional(),
});

const socketRoute = createRoute({
  method: "get",
  path: "/",
  tags: ["live"],
  summary: "WebSocket of task changes",
  description:
    "Messages are JSON: {epoch, seq, rows?, counts?, refetch?, settle?}. `refetch` says that more changed than the rows tell. Send the last epoch and seq when coming back.",
  // The caller is checked before the query; a ticket is checked with the query that holds it.
  middleware: except((c) => c.req.query("ticket") !== undefined, requireCaller()),
  request: {
    query: Filter.extend(Since.shape)
      .extend({ ticket: z.string().max(4000).optional() })
      .refine(({ epoch, seq }) => (epoch === undefined) === (seq === undefined), {
        path: ["seq"],
        message: "give both epoch and seq, or neither",
      }),
  },
  responses: {
    101: { description: "A WebSocket" },
    401: { description: "No credentials" },
    403: { description: "The ticket is used or expired, or the page is another site's" },
    426: { description: "Not a WebSocket's request" },
    429: { description: "Too many sockets" },
  },
});

const TicketAnswer = z
  .object({ ticket: z.string(), expires_at: z.iso.datetime() })
  .openapi("LiveTicket");

const ticketRoute = createRoute({
  method: "post",
  path: "/tickets",
  tags: ["live"],
  summary: "A ticket for one socket, or one read of a list, within 60 seconds",
  middleware: [requireCaller(), limitBody()] as const,
  request: { body: { content: { "application/json": { schema: Filter.strict() } } } },
  responses: {
    201: {
      description:
        "The ticket; it sees no more than the caller, and no more than the body's filter",
      content: { "application/json": { schema: TicketAnswer } },
    },
    401: { description: "No credentials" },
  },
});

/**
 * The routes of live updates are mounted at /api/live. They identify callers themselves, because
 * pages of ALLOWED_ORIGINS may ask for a ticket with their reader's cookie, which other routes
 * treat as forgery.
 */
export const liveRoutes = new OpenAPIHono<AppEnv>({ strict: false, defaultHook: validationHook });

liveRoutes.use(identify(isAllowedOrigin));

liveRoutes.openapi(ticketRoute, async (c) => {
  const admission = narrow(await admit(c), c.req.valid("json"));
  const { ticket, expiresAt } = await makeTicket(c.env, admission, Date.now());
  return c.json({ ticket, expires_at: new Date(expiresAt).toISOString() }, 201);
});

liveRoutes.openapi(socketRoute, async (c) => {
  const { ticket: text, epoch, seq, ...filter } = c.req.valid("query");
  const ticket = text === undefined ? null : await openTicket(c, text);
  assertOrigin(c, ticket !== null);
  const admission = narrow(ticket?.admission ?? (await admit(c)), filter);
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    const detail = "Open this address as a WebSocket.";
    throw new AppError(426, "upgrade_required", detail, {}, { upgrade: "websocket" });
  }
  const opening: Opening = {
    admission,
    since: epoch === undefined || seq === undefined ? null : { epoch, seq },
    ticket,
  };
  const answer = await hubOf(c.env).fetch("https://hub/", {
    headers: { upgrade: "websocket", opening: JSON.stringify(opening) },
  });
  if (answer.webSocket === null) {
    throw answer.status === 403
      ? ticketRefused()
      : new AppError(429, "too_many_sockets", "Too many sockets are open.", {}, RETRY_LATER);
  }
  return new Response(null, { status: 101, webSocket: answer.webSocket });
});

const RETRY_LATER = { "retry-after": "30" };

async function openTicket(c: Context<AppEnv>, text: string): Promise<Ticket> {
  const ticket = await readTicket(c.env, text, Date.now());
  if (ticket === null) {
    throw ticketRefused();
  }
  return ticket;
}

export function ticketRefused(): AppError {
  const detail = "The ticket is unknown, expired, used, or for something else.";
  return new AppError(403, "invalid_ticket", detail);
}

/** Checks a WebSocket's Origin, because CORS does not bind it. Programs send none. */
function assertOrigin(c: Context<AppEnv>, hasTicket: boolean): void {
  const origin = c.req.header("origin");
  const isForeign = origin !== undefined && origin !== new URL(c.req.url).origin;
  if (isForeign && !(hasTicket && isAllowedOrigin(c.req.raw, c.env))) {
    throw new AppError(403, "cross_site", "Another site's page cannot open this without a ticket.");
  }
}

/** Limits what was asked for to what the caller may see. */
function narrow(admission: Admission, asked: LiveFilter): Admission {
  const filter: LiveFilter = { ...admission.filter };
  for (const [name, value] of Object.entries(asked) as [keyof LiveFilter, string | undefined][]) {
    if (value !== undefined) {
      const bound = filter[name];
      filter[name] = bound === undefined ? value : narrower(name, value, bound);
    }
  }
  return { ...admission, filter };
}

/** Returns the narrower of two names of the same user, whom a bare id may name in several ways. */
function narrower(name: keyof LiveFilter, asked: string, bound: string): string {
  const isUser = name === "user";
  if (asked === bound || (isUser && storedForms(bound).includes(asked))) {
    return asked;
  }
  if (isUser && storedForms(asked).includes(bound)) {
    return bound;
  }
  throw new AppError(403, "forbidden", `This caller sees no other ${name}.`);
}
