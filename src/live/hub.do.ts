/**
 * Fan-out of task changes to WebSockets, one object for the deployment.
 *
 * Publishers call `publish` once per batch, never per order. Sockets use the hibernation API: while
 * nothing happens the object leaves memory and costs nothing, and nobody is disconnected.
 *
 * Coalescing. A socket gets at most four messages a second, each with the latest state of every task
 * that changed, at most MAX_ROWS of them; beyond that it is told to read its list again. What comes
 * within 250 ms of the last message waits: for the next publish after that, or for an alarm. There
 * is no timer, which would keep the object in memory. The alarm is also the durable mark that
 * something waits: should the object lose its memory meanwhile, the alarm finds nothing and tells
 * every socket to read again. Cost: at most four alarms a second, each one row written and one
 * request, and only while somebody listens to a busy system: 1.7 cents an hour at the most. At 2,000
 * orders a second the calls of publishers and the memory add as much, so live pages cost half a cent
 * per million orders. Without listeners a publish touches no storage, and publishers stop calling
 * (publisher.ts).
 *
 * Catching up. Every publish has a number `seq` in an `epoch`, the life of this object's memory. A
 * client that comes back with the last it saw gets what it missed from a ring of recent changes, or,
 * when the ring or the epoch is gone, is told to read again. The ring has no gap while anyone listens
 * and for LINGER_MS after. Then publishers rest, which ends the epoch. They may not know of the next
 * socket for QUIET_MS, so its first message says until when to distrust.
 *
 * A socket ends with its session: it bears the holder's id and end, looked at before each message,
 * and `end` closes those of holders who signed out or were revoked.
 */
import { DurableObject } from "cloudflare:workers";
import type { TaskChange } from "../tasks/model/publish";
import { type LiveMessage, mergeInto, select } from "./events";
import { type Admission, type Holder, holderTag } from "./holder";
import { type RingPlace, Ring } from "./ring";
import { UsedTickets } from "./used-tickets";

const FLUSH_MS = 250;
/** QUIET_MS is how long a publisher may go without asking after it heard that nobody listens. */
export const QUIET_MS = 1000;
/** PATIENCE_MS is how long a publisher waits for an answer at most. */
export const PATIENCE_MS = 500;
const LINGER_MS = 30_000;
const MAX_SOCKETS = 2000;
const MAX_SOCKETS_OF_ONE = 50;

/** CLOSE_ENDED tells a client that its session has ended, so that it does not simply come back. */
export const CLOSE_ENDED = 4401;

interface Published {
  changes: TaskChange[];
  /**
   * `incomplete` means that there were other changes too, or some were lost, so every socket must
   * read again.
   */
  incomplete: boolean;
}

/** An Opening is a wish to listen, which the Worker has checked and passes on. */
export interface Opening {
  admission: Admission;
  /** `since` is the last place that a returning client has seen. */
  since: RingPlace | null;
  /** `ticket` is good for one use, until its end. */
  ticket: { nonce: string; expiresAt: number } | null;
}

export class LiveHub extends DurableObject<Env> {
  readonly #tickets: UsedTickets;
  readonly #ring = new Ring();
  readonly #pending = new Map<string, TaskChange>();
  #pendingRefetch = false;
  #isAlarmSet = false;
  #flushedAt = 0;
  /**
   * Publishers may rest until this time. A new object does not know it, so it assumes a full pause
   * from now.
   */
  #quietUntil = Date.now() + QUIET_MS + PATIENCE_MS;
  #lingerUntil = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#tickets = new UsedTickets(ctx.storage.sql);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  /**
   * Takes a batch's changes. The answer says how many sockets listen; without any the publisher may
   * rest.
   */
  async publish({ changes, incomplete }: Published): Promise<{ listeners: number }> {
    const now = Date.now();
    const listeners = this.ctx.getWebSockets().length;
    if (listeners === 0 && now >= this.#lingerUntil) {
      this.#ring.breakOff(); // publishers rest from here on
      this.#quietUntil = now + QUIET_MS + PATIENCE_MS;
      return { listeners };
    }
    if (incomplete) {
      this.#ring.breakOff();
    }
    this.#ring.add(changes);
    if (listeners > 0) {
      mergeInto(this.#pending, changes);
      this.#pendingRefetch ||= incomplete;
      await this.#flushSoon(now);
    }
    return { listeners: Math.max(listeners, 1) };
  }

  /** Prepares for a listener that is about to come, by keeping events for it. */
  expect(): void {
    this.#lingerUntil = Date.now() + LINGER_MS;
  }

  /** Opens a socket. The header `opening` holds the Opening; only the Worker can call this. */
  override async fetch(request: Request): Promise<Response> {
    const opening = JSON.parse(request.headers.get("opening") ?? "null") as Opening;
    const { admission, ticket } = opening;
    const now = Date.now();
    if (ticket && !this.#tickets.use(ticket.nonce, ticket.expiresAt, now)) {
      return new Response("ticket_used", { status: 403 });
    }
    const tag = holderTag(admission.holder);
    if (
      this.ctx.getWebSockets().length >= MAX_SOCKETS ||
      this.ctx.getWebSockets(tag).length >= MAX_SOCKETS_OF_ONE
    ) {
      return new Response("too_many_sockets", { status: 429 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [tag]);
    server.serializeAttachment(admission);
    const settle = Math.max(0, this.#quietUntil - now);
    this.#send(server, { ...this.#missed(opening), ...(settle > 0 ? { settle } : {}) });
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Uses a ticket for something else than a socket; false means that it was used before. */
  useTicket(nonce: string, expiresAt: number): boolean {
    return this.#tickets.use(nonce, expiresAt, Date.now());
  }

  /** Returns the holders of the open sockets, each once. */
  holders(): Holder[] {
    const holders = this.ctx.getWebSockets().map((socket) => admissionOf(socket).holder);
    return [...new Map(holders.map((holder) => [holderTag(holder), holder])).values()];
  }

  /** Closes the sockets of these holders, who are no longer signed in. */
  end(holders: readonly Holder[]): void {
    for (const holder of holders) {
      this.ctx.getWebSockets(holderTag(holder)).forEach(close);
    }
  }

  override async alarm(): Promise<void> {
    const isLost = !this.#isAlarmSet;
    this.#isAlarmSet = false;
    this.#pendingRefetch ||= isLost;
    this.#flush(Date.now());
  }

  /** Closes a socket that sends anything: clients say only "ping", which the platform answers. */
  override webSocketMessage(socket: WebSocket): void {
    socket.close(1008, "This socket only tells");
  }

  override webSocketClose(socket: WebSocket): void {
    this.#lingerUntil = Date.now() + LINGER_MS;
    socket.close(1000);
  }

  override webSocketError(): void {
    this.#lingerUntil = Date.now() + LINGER_MS;
  }

  async #flushSoon(now: number): Promise<void> {
    if (Math.abs(now - this.#flushedAt) >= FLUSH_MS) {
      this.#flush(now);
    } else if (!this.#isAlarmSet) {
      this.#isAlarmSet = true;
      await this.ctx.storage.setAlarm(this.#flushedAt + FLUSH_MS);
    }
  }

  #flush(now: number): void {
    if (this.#pending.size === 0 && !this.#pendingRefetch) {
      return;
    }
    const refetch = this.#pendingRefetch ? { refetch: true as const } : {};
    const bodies = new Map<string, Partial<LiveMessage> | null>();
    for (const socket of this.ctx.getWebSockets()) {
      const { holder, filter } = admissionOf(socket);
      if (holder.until <= now) {
        close(socket);
        continue;
      }
      const key = JSON.stringify(filter);
      const body = bodies.get(key) ?? select(this.#pending.values(), filter);
      bodies.set(key, body);
      if (body !== null || this.#pendingRefetch) {
        this.#send(socket, { ...body, ...refetch });
      }
    }
    this.#pending.clear();
    this.#pendingRefetch = false;
    this.#flushedAt = now;
  }

  /**
   * Returns what a client missed since it was last here, or of its few tasks while its page loaded.
   */
  #missed({ since, admission: { filter } }: Opening): Partial<LiveMessage> {
    const changes = since && this.#ring.since(since);
    if (changes) {
      return select(changes, filter) ?? {};
    }
    const isNarrow = filter.lote !== undefined || filter.task !== undefined;
    return { ...(isNarrow && select(this.#ring.all(), filter)), refetch: true };
  }

  #send(socket: WebSocket, body: Partial<LiveMessage>): void {
    const message: LiveMessage = { ...this.#ring.place, ...body };
    try {
      socket.send(JSON.stringify(message));
    } catch {
      // a socket that is already closing needs nothing
    }
  }
}

function admissionOf(socket: WebSocket): Admission {
  return socket.deserializeAttachment() as Admission;
}

function close(socket: WebSocket): void {
  socket.close(CLOSE_ENDED, "The session ended");
}
