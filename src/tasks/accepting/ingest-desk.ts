/**
 * The ingest desk is a group commit: small requests that come at the same time share a transaction.
 * A D1 takes one transaction at a time, and each takes milliseconds whatever is in it, so requests by
 * themselves would come to a hundred or two a second.
 *
 * An object collects them, as on this platform promises of one isolate's requests cannot wait for
 * each other. It writes as soon as nothing is being written, and what comes meanwhile goes together
 * next. So an idle system adds only the hop, and a busy one writes as many as there are.
 */
import { DatabaseTrouble, type TroubleKind, troubleBehind } from "../../db/trouble";
import { AppError } from "../../http/errors";
import { log } from "../../log";
import { objectOf } from "../../object-of";
import { accept, type Owner, type Submission } from "./accept";

/** The number of objects is part of their names. One takes 500 to 1,000 requests a second. */
export const INGEST_SHARDS = 2;

/** A request over this size has a transaction of its own. */
const SMALL_TASKS = 50;
const SMALL_CHARACTERS = 100_000;

/** A transaction holds at most this: at three bytes a character its rows are one value for D1. */
const MAX_TASKS = 1000;
const MAX_CHARACTERS = 500_000;
/** Requests of at most this size together wait for a transaction. */
const MAX_WAITING_CHARACTERS = 4_000_000;
/** A request counts as this many characters beside its rows. */
const HEAD_CHARACTERS = 1000;

/** Refused messages are tried for this long before recovery is asked to send them. */
const PATIENCE_MS = 5000;
const RETRY_AFTER_SECONDS = 5;

/**
 * AcceptedRequest is the request's owner, or "busy" if too much waits already. `failed` is what D1
 * said, with the kind of its own trouble; any other failure is an error of the object.
 */
export type AcceptedRequest = Owner | "busy" | { failed: string; trouble: TroubleKind | null };

export function isSmall({ head, chunks }: Submission): boolean {
  return head.tasks <= SMALL_TASKS && charactersOf(chunks) <= SMALL_CHARACTERS;
}

function charactersOf(chunks: readonly string[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, HEAD_CHARACTERS);
}

/**
 * Has an object accept a small request. Null when it cannot be reached, was reset or is of another
 * version: it may have stored the request even so, and storing it again changes nothing.
 */
export async function acceptTogether(env: Env, request: Submission): Promise<Owner | null> {
  const { lote } = request.head;
  let accepted: AcceptedRequest;
  try {
    const shard = Number.parseInt(lote.slice(-1), 16) % INGEST_SHARDS;
    const desk = objectOf(env, env.INGEST_DESK, `ingest:${INGEST_SHARDS}:${shard}`);
    accepted = await desk.accept(request);
  } catch (error) {
    log.warn("ingest.desk_failed", { lote, message: String(error) });
    // The requests of an overloaded object would be too much for D1 by themselves, so they are
    // refused.
    if (!isOverloaded(error)) {
      return null;
    }
    accepted = "busy";
  }
  if (accepted === "busy") {
    const detail = "More comes in than can be written. Nothing of this request was accepted.";
    const headers = { "retry-after": String(RETRY_AFTER_SECONDS) };
    throw new AppError(503, "overloaded", detail, {}, headers);
  }
  if ("failed" in accepted) {
    const error = new Error(accepted.failed);
    throw accepted.trouble ? new DatabaseTrouble(accepted.trouble, error) : error;
  }
  return accepted;
}

function isOverloaded(error: unknown): boolean {
  return typeof error === "object" && error !== null && "overloaded" in error && !!error.overloaded;
}

interface Waiting {
  request: Submission;
  answer: (accepted: AcceptedRequest) => void;
  /** Has the call that brought it write what waits. */
  lead: () => void;
}

/** IngestRequests is what the object does; ingest-desk.do.ts only makes it one. */
export class IngestRequests {
  readonly #env: Env;
  readonly #behind: (work: Promise<unknown>) => void;
  #waiting: Waiting[] = [];
  #characters = 0;
  #isWriting = false;

  /** `behind` takes what goes on after requests were answered. */
  constructor(env: Env, behind: (work: Promise<unknown>) => void) {
    this.#env = env;
    this.#behind = behind;
  }

  accept(request: Submission): Promise<AcceptedRequest> {
    const size = charactersOf(request.chunks);
    if (this.#characters + size > MAX_WAITING_CHARACTERS) {
      return Promise.resolve("busy");
    }
    const { promise: accepted, resolve: answer } = Promise.withResolvers<AcceptedRequest>();
    const { promise: turn, resolve: lead } = Promise.withResolvers<void>();
    // Each transaction is run by the first call that waits for it, so that the queries and the time
    // that the platform grants a call are not used up by the calls before.
    void turn.then(() => this.#writeNext());
    this.#waiting.push({ request, answer, lead });
    this.#characters += size;
    if (!this.#isWriting) {
      this.#isWriting = true;
      lead();
    }
    return accepted;
  }

  async #writeNext(): Promise<void> {
    await this.#write(this.#next());
    const [first] = this.#waiting;
    this.#isWriting = first !== undefined;
    first?.lead();
  }

  /** Takes as many of those that came first as go into one transaction. */
  #next(): Waiting[] {
    let tasks = 0;
    let characters = 0;
    const end = this.#waiting.findIndex(({ request: { head, chunks } }) => {
      tasks += head.tasks;
      characters += charactersOf(chunks);
      return tasks > MAX_TASKS || characters > MAX_CHARACTERS;
    });
    const group = this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(end, 1));
    for (const { request } of group) {
      this.#characters -= charactersOf(request.chunks);
    }
    return group;
  }

  /** Writes a group, or its halves apart, so that one bad request fails alone. Never rejects. */
  async #write(group: readonly Waiting[]): Promise<void> {
    try {
      const requests = group.map(({ request }) => request);
      const { owners, sent } = await accept(this.#env, requests, PATIENCE_MS);
      this.#behind(sent);
      group.forEach(({ request, answer }, index) => answer(owners[index] ?? request.head));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const trouble = troubleBehind(error)?.kind ?? null;
      if (group.length === 1 || trouble) {
        group.forEach(({ answer }) => answer({ failed: message, trouble }));
        return;
      }
      log.warn("ingest.written_apart", { requests: group.length, message });
      const half = Math.ceil(group.length / 2);
      await this.#write(group.slice(0, half));
      await this.#write(group.slice(half));
    }
  }
}
