/**
 * A consumer's catalogue is what this isolate was told, for CATALOGUE_TTL_SECONDS from when it was
 * asked, and behind that the deployment's one desk.
 */
import { type Config, configOf } from "../../config";
import { type Clock, systemClock } from "../../lib/clock";
import { dropFirst } from "../../lib/drop-first";
import { Refused, type Result } from "../../lib/result";
import { log } from "../../log";
import { objectOf } from "../../object-of";
import type { Need } from "./asks";
import type { Answer } from "./answers";
import type { Found } from "./desk";
import type { CatalogueDesk, CatalogueStatus } from "./desk.do";
import type { Product } from "./product";

/**
 * NotHad says why an order gets no product.
 * - `unknown`: there is none
 * - `refused`: asking again cannot help
 * - `sick`: the product failed by itself at `failedAt`; it is not asked before `until`, or has failed
 *   since the order last asked
 * - `down`: the catalogue is down
 * - `not_known`: the answer is not known yet, but will be in about `waitMs` milliseconds
 */
export type NotHad =
  | { kind: "unknown" }
  | { kind: "refused"; why: string }
  | { kind: "sick"; why: string; failedAt: number; until: number }
  | { kind: "down"; why: string }
  | { kind: "not_known"; waitMs: number };

/** Lookup is what an order learns of a product. */
export type Lookup = Result<Product, NotHad>;

/**
 * Question is what an order asks, since when it asks and when it last ran, in Unix milliseconds.
 */
export type Question = Omit<Need, "notBefore"> & { since: number; ranAt: number };

/** Lookups are by product. */
export type Lookups = ReadonlyMap<string, Lookup>;

const MAX_CACHED = 10_000;
/** An order that collects its products one by one may use what it was told this long ago. */
const KEPT_MS = 600_000;
/** The desk asks by a clock of its own, which may differ by this much. */
const CLOCKS_DIFFER_MS = 10_000;
/** An order waits this long when the desk itself could not be asked. */
const DESK_WAIT_MS = 2000;

type CatalogueConfig = Pick<Config, "catalogueUrl" | "catalogueTimeoutMs" | "catalogueTtlMs">;

export class Catalogue {
  /** The answers of the desk, of which the oldest are dropped first. */
  readonly #cache = new Map<string, Answer>();
  readonly #config: CatalogueConfig;
  readonly #clock: Clock;

  constructor(config: CatalogueConfig, clock = systemClock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** Looks up what each question asks for, and returns the answers by task. Never throws. */
  async lookup(
    desk: Pick<CatalogueDesk, "lookup">,
    questions: readonly Question[],
  ): Promise<Map<string, Lookups>> {
    const now = this.#clock();
    const needs = questions.map(({ since, ranAt, ...need }) => ({
      ...need,
      ranAt,
      notBefore: Math.min(now - this.#config.catalogueTtlMs, Math.max(since, now - KEPT_MS)),
    }));
    const asked = needs.flatMap((need) => {
      const products = need.products.filter((product) => !this.#fresh(product, need));
      const { ranAt: _, ...rest } = need;
      return products.length > 0 ? [{ ...rest, products }] : [];
    });
    const found = asked.length > 0 ? await this.#ask(desk, asked) : undefined;
    return new Map(needs.map((need) => [need.taskId, this.#lookupsOf(need, found)]));
  }

  async #ask(desk: Pick<CatalogueDesk, "lookup">, needs: Need[]): Promise<Found | undefined> {
    const { catalogueUrl: url, catalogueTimeoutMs: timeoutMs } = this.#config;
    try {
      const found = await desk.lookup({ url, timeoutMs }, needs);
      for (const [product, answer] of found.answers) {
        this.#cache.delete(product);
        this.#cache.set(product, answer);
      }
      dropFirst(this.#cache, MAX_CACHED);
      return found;
    } catch (error) {
      log.warn("catalogue.desk_failed", { orders: needs.length, message: String(error) });
      return undefined;
    }
  }

  #lookupsOf(need: Need & { ranAt: number }, found: Found | undefined): Lookups {
    const waitMs = found?.waits.get(need.taskId) ?? DESK_WAIT_MS;
    return new Map(
      need.products.map((product): [string, Lookup] => {
        const fresh = this.#fresh(product, need, found);
        if (fresh) {
          return [product, read(fresh)];
        }
        if (found?.down) {
          return [product, new Refused({ kind: "down", why: found.down.why })];
        }
        const sick = found?.sick.get(product);
        if (sick && (sick.until > this.#clock() || sick.failedAt >= need.ranAt)) {
          const { why, failedAt, until } = sick;
          return [product, new Refused({ kind: "sick", why, failedAt, until })];
        }
        return [product, new Refused({ kind: "not_known", waitMs })];
      }),
    );
  }

  /** Returns a fresh answer on a product, also one just `found` that the cache had no room for. */
  #fresh(product: string, { notBefore }: Need, found?: Found): Answer | undefined {
    const answer = found?.answers.get(product) ?? this.#cache.get(product);
    // An answer from the future was kept before the clock went back.
    return answer &&
      answer.askedAt >= notBefore &&
      answer.askedAt <= this.#clock() + CLOCKS_DIFFER_MS
      ? answer
      : undefined;
  }
}

function read(answer: Answer): Lookup {
  switch (answer.kind) {
    case "product":
      return answer.product;
    case "unknown":
      return new Refused({ kind: "unknown" });
    case "refused":
      return new Refused({ kind: "refused", why: answer.why });
    default:
      return answer satisfies never;
  }
}

const catalogues = new WeakMap<object, Catalogue>();

/** Returns the isolate's catalogue, so that what it was told outlives a batch. */
export function catalogueOf(env: Env): Catalogue {
  const config = configOf(env);
  let catalogue = catalogues.get(config);
  if (!catalogue) {
    catalogue = new Catalogue(config);
    catalogues.set(config, catalogue);
  }
  return catalogue;
}

export function deskOf(env: Env): DurableObjectStub<CatalogueDesk> {
  return objectOf(env, env.CATALOGUE, `catalogue:${configOf(env).catalogueUrl}`);
}

/** Asks how the catalogue is; null when that cannot be said just now. */
export async function catalogueStatus(env: Env): Promise<CatalogueStatus | null> {
  try {
    return await deskOf(env).status();
  } catch (error) {
    log.warn("catalogue.desk_failed", { message: String(error) });
    return null;
  }
}
