/**
 * Tickets stand in for credentials where a page has none to send: another site's page, and the page
 * of a signed link. A ticket is signed, not stored, so issuing one costs nothing; the hub keeps the
 * used ones until they expire. It is good for one socket, or one read of a list.
 */
import { fromBase64Url, isSigned, sign, toBase64Url } from "../auth/sessions/signing";
import { endedOf } from "./ended";
import type { Admission } from "./holder";

const PURPOSE = "pedidos: ticket for live updates";
const TICKET_MS = 60_000;

export interface Ticket {
  nonce: string;
  /** `expiresAt` is in Unix milliseconds. */
  expiresAt: number;
  admission: Admission;
}

export async function makeTicket(env: Env, admission: Admission, now: number) {
  const nonce = crypto.randomUUID();
  const expiresAt = now + TICKET_MS;
  const ticket: Ticket = { nonce, expiresAt, admission };
  const text = toBase64Url(new TextEncoder().encode(JSON.stringify(ticket)));
  return { ticket: `${text}.${await sign(env, PURPOSE, text)}`, expiresAt };
}

/**
 * Returns the ticket, or null when it is forged, expired, or of a session or key that has ended.
 * Only the hub knows whether it was used before.
 */
export async function readTicket(env: Env, ticket: string, now: number): Promise<Ticket | null> {
  const [text = "", signature = ""] = ticket.split(".");
  if (!(await isSigned(env, PURPOSE, text, signature))) {
    return null;
  }
  const read = JSON.parse(
    new TextDecoder().decode(fromBase64Url(text) ?? new Uint8Array()),
  ) as Ticket;
  const { holder } = read.admission;
  const isTimely = read.expiresAt > now && holder.until > now;
  return isTimely && (await endedOf(env.DB, [holder], now)).length === 0 ? read : null;
}
