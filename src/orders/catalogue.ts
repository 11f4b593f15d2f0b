/**
 * The product catalogue, an HTTP service of the fakestoreapi shape: GET /products/4. What it
 * answers is remembered for CATALOGUE_TTL_SECONDS from when it was asked, per isolate; a breaker
 * stops calling while it is down.
 */
import { exports } from "cloudflare:workers";
import type { Config } from "../config";
import { Breaker } from "./breaker";
import { priceToMinorUnits } from "./money";

export interface Product {
  id: string;
  title: string;
  /** Minor units. */
  unitPrice: number;
}

/**
 * "unknown": there is no such product. `failed`: the catalogue did not say (transient); `notCalled`:
 * for it was known to be down. `notAsked`: this batch's time or calls were used up.
 */
export type Lookup = Product | "unknown" | { failed: string; notCalled?: true } | "notAsked";

export interface Budget {
  /** Unix milliseconds after which no further call starts. */
  until: number;
  calls: number;
}

const CALLS_AT_ONCE = 6;
const MAX_BODY_BYTES = 65_536;
const MAX_TITLE_CHARACTERS = 500;
const MAX_CACHED = 10_000;

type CatalogueConfig = Pick<Config, "catalogueUrl" | "catalogueTimeoutMs" | "catalogueTtlMs">;

export class Catalogue {
  readonly breaker = new Breaker();
  /** When a product was last answered for, known or not; 0 for never. */
  lastAnswerAt = 0;
  readonly #cache = new Map<string, { lookup: Product | "unknown"; askedAt: number }>();
  readonly #config: CatalogueConfig;

  constructor(config: CatalogueConfig) {
    this.#config = config;
  }

  /** Looks each id up once, from the cache or by at most six calls at a time. Never throws. */
  async lookup(ids: ReadonlySet<string>, budget: Budget): Promise<Map<string, Lookup>> {
    const found = new Map<string, Lookup>();
    const toAsk: string[] = [];
    for (const id of ids) {
      const cached = this.#cached(id, Date.now());
      if (cached) {
        found.set(id, cached);
      } else {
        toAsk.push(id);
      }
    }
    let calls = 0;
    const ask = async () => {
      for (let id = toAsk.shift(); id !== undefined; id = toAsk.shift()) {
        const now = Date.now();
        if (calls >= budget.calls || now >= budget.until) {
          found.set(id, "notAsked");
        } else if (!this.breaker.allow(now)) {
          found.set(id, { failed: "it is not called while it is down", notCalled: true });
        } else {
          calls += 1;
          found.set(id, await this.#ask(id, now));
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(CALLS_AT_ONCE, toAsk.length) }, ask));
    return found;
  }

  async #ask(id: string, now: number): Promise<Lookup> {
    const lookup = await this.#fetch(id).catch((error: unknown) => ({ failed: describe(error) }));
    if (typeof lookup === "object" && "failed" in lookup) {
      this.breaker.fail(Date.now());
      return lookup;
    }
    this.breaker.succeed();
    this.lastAnswerAt = Date.now();
    this.#remember(id, lookup, now);
    return lookup;
  }

  async #fetch(id: string): Promise<Product | "unknown" | { failed: string }> {
    const response = await this.#request(id);
    if (response.status === 404) {
      await response.body?.cancel();
      return "unknown";
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      return { failed: `it answered ${response.status}` };
    }
    const text = await readText(response, MAX_BODY_BYTES);
    if (text === null) {
      return { failed: `its answer is over ${MAX_BODY_BYTES} bytes` };
    }
    return readProduct(id, text);
  }

  async #request(id: string): Promise<Response> {
    const init: RequestInit = {
      headers: { accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(this.#config.catalogueTimeoutMs),
    };
    return this.#config.catalogueUrl === ""
      ? exports.EmbeddedCatalogue.fetch(`http://catalogue/products/${id}`, init)
      : fetch(`${this.#config.catalogueUrl}/products/${id}`, init);
  }

  #cached(id: string, now: number): Product | "unknown" | undefined {
    const entry = this.#cache.get(id);
    return entry && now - entry.askedAt < this.#config.catalogueTtlMs ? entry.lookup : undefined;
  }

  #remember(id: string, lookup: Product | "unknown", askedAt: number): void {
    if (this.#config.catalogueTtlMs === 0) {
      return;
    }
    if (this.#cache.size >= MAX_CACHED) {
      this.#cache.clear();
    }
    this.#cache.set(id, { lookup, askedAt });
  }
}

/** The product id a SKU stands for: its digits without leading zeros, or null when it has none. */
export function productIdOf(sku: string): string | null {
  const digits = sku.replaceAll(/[^0-9]/g, "").replace(/^0+(?=.)/, "");
  return digits === "" ? null : digits;
}

/** Reads a 200 answer: a product, nothing (unknown), or something absurd (transient). */
export function readProduct(id: string, text: string): Product | "unknown" | { failed: string } {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "null") {
    return "unknown";
  }
  let body: unknown;
  try {
    body = JSON.parse(trimmed);
  } catch {
    return { failed: "its answer is not JSON" };
  }
  if (typeof body !== "object" || body === null) {
    return { failed: "its answer is no product" };
  }
  const { id: answered, title, price } = body as Record<string, unknown>;
  if (answered !== Number(id) && answered !== id) {
    return { failed: "its answer is about another product" };
  }
  const unitPrice = priceToMinorUnits(price);
  if (unitPrice === null) {
    return { failed: "its answer has no usable price" };
  }
  if (typeof title !== "string") {
    return { failed: "its answer has no title" };
  }
  return { id, title: title.slice(0, MAX_TITLE_CHARACTERS).toWellFormed(), unitPrice };
}

/** The body as text, or null when it is larger than `max` bytes. */
async function readText(response: Response, max: number): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > max) {
      return null;
    }
    chunks.push(chunk);
  }
  return new Blob(chunks).text();
}

function describe(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  return name === "TimeoutError" || name === "AbortError"
    ? "it did not answer in time"
    : "it could not be reached";
}
