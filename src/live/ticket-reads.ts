import type { MiddlewareHandler } from "hono";
import { storedForms } from "../caller";
import type { AppEnv } from "../http/app-env";
import { hubOf } from "./hub";
import type { LiveFilter } from "./events";
import { ticketRefused } from "./routes";
import { readTicket } from "./tickets";

/** PARAMETERS maps the ticket's filter to the parameters of a list's query. */
const PARAMETERS = { user: "user", module: "task_module", lote: "lote" } as const;

/**
 * Lets `Authorization: Ticket T` read a list once, because another site's page has nothing else to
 * send. A ticket bound to some tasks must ask for exactly these, by parameters that every such list
 * obeys.
 */
export function identifyTicket(): MiddlewareHandler<AppEnv> {
  return async function identifyTicket(c, next) {
    const text = /^Ticket (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (text !== undefined) {
      const ticket = await readTicket(c.env, text.trim(), Date.now());
      const reads =
        ticket?.admission.reads === true &&
        c.req.method === "GET" &&
        isWithin(c.req.queries(), ticket.admission.filter);
      if (!reads || !(await hubOf(c.env).useTicket(ticket.nonce, ticket.expiresAt))) {
        throw ticketRefused();
      }
      const { id } = ticket.admission.holder;
      c.set("caller", { kind: "key", id: `ticket-${id}`, name: "ticket", scopes: ["tasks:read"] });
    }
    await next();
  };
}

/**
 * Tells whether a query stays within a ticket's filter. A list has no parameter for one task, so a
 * ticket for one opens only a socket.
 */
function isWithin(query: Record<string, string[]>, { task, ...filter }: LiveFilter): boolean {
  return (
    task === undefined &&
    Object.entries(PARAMETERS).every(([name, parameter]) => {
      const bound = filter[name as keyof typeof filter];
      const [asked = "", ...others] = query[parameter] ?? [];
      // A bare id matches more than `user:ID` does, so asking for the narrower form is allowed.
      const within = name === "user" ? storedForms(bound ?? "") : [bound];
      return bound === undefined || (within.includes(asked) && others.length === 0);
    })
  );
}
