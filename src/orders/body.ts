/** Reading what a producer sends: one order, an array, or NDJSON. All or nothing. */
import { AppError } from "../http/errors";
import { sha256Hex } from "../lib/hex";

const PARSERS: Record<string, (text: string) => unknown[]> = {
  "application/json": parseJson,
  "application/x-ndjson": parseNdjson,
};

export const MAX_ORDERS = 10_000;
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * The orders of a body, not yet looked into, and what tells this body from any other: its type and
 * a hash of its bytes. Throws a 4xx `AppError`.
 */
export async function readOrders(
  request: Request,
): Promise<{ orders: unknown[]; identity: string }> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const parse = PARSERS[type];
  if (!parse) {
    const detail = "Send application/json (an order or an array) or application/x-ndjson";
    throw new AppError(415, "unsupported_media_type", detail);
  }
  const bytes = await readBytes(request);
  const orders = parse(decode(bytes));
  if (orders.length === 0) {
    throw new AppError(400, "empty_batch", "The request holds no order");
  }
  if (orders.length > MAX_ORDERS) {
    const detail = `The request holds ${orders.length} orders; at most ${MAX_ORDERS} are allowed`;
    throw new AppError(413, "too_many_orders", detail);
  }
  const identity = `${type} ${await sha256Hex(bytes)}`;
  return { orders, identity };
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const tooLarge = () =>
    new AppError(413, "body_too_large", `The body is over ${MAX_BODY_BYTES} bytes`);
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > MAX_BODY_BYTES) {
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) {
      throw tooLarge();
    }
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function decode(bytes: Uint8Array): string {
  try {
    // Drops a byte order mark, as RFC 8259 allows a reader to.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new AppError(400, "invalid_encoding", "The body is not UTF-8");
  }
}

function parseJson(text: string): unknown[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new AppError(400, "invalid_json", `The body is not JSON: ${messageOf(error)}`);
  }
  if (Array.isArray(body)) {
    return body;
  }
  if (typeof body !== "object" || body === null) {
    throw new AppError(400, "invalid_body", "The body must be an order or an array of orders");
  }
  return [body];
}

function parseNdjson(text: string): unknown[] {
  const orders: unknown[] = [];
  let line = 0;
  for (const content of text.split("\n")) {
    line += 1;
    if (content.trim() === "") {
      continue;
    }
    try {
      orders.push(JSON.parse(content));
    } catch (error) {
      const detail = `Line ${line} is not JSON, or is cut short: ${messageOf(error)}`;
      throw new AppError(400, "invalid_ndjson", detail, { line });
    }
  }
  return orders;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200).toWellFormed();
}
