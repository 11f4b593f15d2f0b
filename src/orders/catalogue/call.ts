/** A call asks the catalogue, a service like fakestoreapi, for one product: GET /products/4. */
import { exports } from "cloudflare:workers";
import { systemClock } from "../../lib/clock";
import { isRefused } from "../../lib/result";
import { type Product, readProduct } from "./product";

/**
 * CallResult is what one call came to.
 * - `product`, `unknown`: an answer; an empty body says that there is no such product.
 * - `missing`: a 404 or 410, which says the same if it is the catalogue that says it.
 * - `refused`: a 4xx about this very request, which asking again cannot mend.
 * - `unusable`: a 200 that is no product; as far as one can tell, it is about this product.
 * - `failed`: 3xx (to a page to sign in, say), 5xx, 401, 403, an error of Cloudflare's in place of the
 *   catalogue's answer, network, timeout; the trouble is the product's or the catalogue's.
 * - `limited`: 429; the catalogue is well and asked too often.
 * - `dropped`: whoever called gave it up.
 */
export type CallResult =
  | { kind: "product"; product: Product }
  | { kind: "unknown" }
  | { kind: "missing"; why: string }
  | { kind: "refused"; why: string }
  | { kind: "unusable"; why: string }
  | { kind: "failed"; why: string; retryAfterMs: number | null }
  | { kind: "limited"; why: string; retryAfterMs: number | null }
  | { kind: "dropped" };

export interface CatalogueSource {
  /** The base URL; empty for the embedded catalogue. */
  url: string;
  timeoutMs: number;
}

const MAX_BODY_BYTES = 65_536;
/** An error page is read up to this size, as Cloudflare's longest ones have about 10 KiB. */
const MAX_ERROR_BYTES = 16_384;
/** These statuses below 500 say nothing of the product, only of who asks, how often, or when. */
const TRANSIENT = new Set([401, 403, 407, 408, 421, 423, 425]);

/** Calls the catalogue; `dropped` ends the call early. Never throws. */
export async function callCatalogue(
  { url, timeoutMs }: CatalogueSource,
  id: string,
  dropped: AbortSignal,
  clock = systemClock,
): Promise<CallResult> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const init: RequestInit = {
    headers: { accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.any([timeout, dropped]),
  };
  try {
    const response = await (url === ""
      ? exports.EmbeddedCatalogue.fetch(`http://catalogue/products/${id}`, init)
      : fetch(`${url}/products/${id}`, init));
    return await read(id, response, clock());
  } catch {
    if (dropped.aborted) {
      return { kind: "dropped" };
    }
    const why = timeout.aborted ? "it did not answer in time" : "it could not be reached";
    return { kind: "failed", why, retryAfterMs: null };
  }
}

async function read(id: string, response: Response, now: number): Promise<CallResult> {
  const { status } = response;
  if (status === 200) {
    const text = await readText(response, MAX_BODY_BYTES);
    if (text === null) {
      return { kind: "unusable", why: `its answer is over ${MAX_BODY_BYTES} bytes` };
    }
    const product = readProduct(id, text);
    return isRefused(product) ? product.why : { kind: "product", product };
  }
  const why = `it answered ${status}`;
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), now);
  if (status < 400 || status >= 500 || status === 429 || TRANSIENT.has(status)) {
    await response.body?.cancel();
    return { kind: status === 429 ? "limited" : "failed", why, retryAfterMs };
  }
  const cloudflare = cloudflareError((await readText(response, MAX_ERROR_BYTES)) ?? "");
  if (cloudflare !== null) {
    return { kind: "failed", why: `${why}, Cloudflare's error ${cloudflare}`, retryAfterMs };
  }
  return { kind: status === 404 || status === 410 ? "missing" : "refused", why };
}

/**
 * Returns the number of an error that is Cloudflare's own (1042, a Worker it did not reach, comes as
 * a 404), in its forms as text, JSON and page; null for what the host itself said.
 */
export function cloudflareError(body: string): string | null {
  const isCloudflares =
    /^\s*error code: \d{3,4}\s*$|"cloudflare_error":\s*true|id="cf-error-details"/;
  return isCloudflares.test(body)
    ? (/error[ _-]code\D{1,3}(\d{3,4})\b/i.exec(body)?.[1] ?? "page")
    : null;
}

const MAX_RETRY_AFTER_MS = 3_600_000;

/** Reads a Retry-After header, seconds or a date, as milliseconds up to an hour; null for none. */
export function readRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? "";
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : date - now;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** Reads the body as text; null when it is larger than `max` bytes. */
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
