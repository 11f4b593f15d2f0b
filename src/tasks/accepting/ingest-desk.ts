/**
 * Group commit: small requests that come at the same time share a transaction. A D1 takes one at a
 * time, and on the platform one takes milliseconds whatever is in it, so that requests by themselves
 * would come to a hundred or two a second.
 *
 * An object collects them, for promises of one isolate's requests cannot wait for each other on this
 * platform. It writes as soon as nothing is being written: what comes meanwhile goes together next.
 * So an idle system waits for nothing but the hop, and a busy one writes as many as there are.
 */
import { DatabaseTrouble, type TroubleKind, troubleBehind } from "../../db/trouble";
import { AppError } from "../../http/errors";
import { log } from "../../log";
import { objectOf } from "../../object-of";
import { accept, type Owner, type Submission } from "./accept";

/** Number of objects: one takes 500 to 1,000 requests a second. It is part of their names. */
export const INGEST_SHARDS = 2;

/** A larger request has a transaction of its own. */
const SMALL_TASKS = 50;
const SMALL_CHARACTERS = 100_000;

/** A transaction holds no more: with three bytes a character its rows are one value that D1 takes. */
const MAX_TASKS = 1000;
const MAX_CHARACTERS = 500_000;
/** No more waits for a transaction. */
const MAX_WAITING_CHARACTERS = 4_000_000;
/** What a request is counted as beside its rows. */
const HEAD_CHARACTERS = 1000;

/** The queue's refusals are borne for so long before recovery is asked to send. */
const PATIENCE_MS = 5000;
const RETRY_AFTER_SECONDS = 5;

/**
 * "busy": too much waits already. `failed` is what D1 said, as any error of the object itself is not,
 * and what kind of trouble of D1's own it is.
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
 * version: it may have stored the request even so, and whoever stores it again changes nothing.
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
    // An object that has too much to do: by themselves its requests would be too much for D1.
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

/** What the object does; in a file of its own, it is only that this is one. */
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
    // Each transaction is of the first call that waits for it: what the platform grants a call in
    // queries and time is then never used up by those before.
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

  /** As many as go into one transaction, the first that came first. */
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

  /** Never rejects. A request that cannot be stored does not fail the others: halves are tried apart. */
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
