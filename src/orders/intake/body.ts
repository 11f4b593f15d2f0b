/**
 * A sender's body is one order, an array, or NDJSON, and is read wholly or not at all. Neither its
 * bytes nor its parsed orders are ever held together, as 8 MiB must leave room for their rows.
 */
import { wholeBody } from "../../http/body-limit";
import { AppError } from "../../http/errors";
import { hex } from "../../lib/hex";
import { isRecord } from "../../lib/record";
import { isJsonArray, jsonItems } from "../order/json-items";
import { readOrderText, type OrderText } from "../order/order-text";

const PARSERS: Record<string, (text: string) => Iterable<OrderText>> = {
  "application/json": parseJson,
  "application/x-ndjson": parseNdjson,
};

export const MAX_ORDERS = 10_000;
export const MAX_ORDERS_BYTES = 8 * 1024 * 1024;

/**
 * Reads the orders of a body, not checked, and what tells this body from any other: its type and a
 * hash of its bytes. Throws a 4xx `AppError`; so do the orders, which are parsed as they are taken.
 */
export async function readOrders(
  request: Request,
): Promise<{ orders: Iterable<OrderText>; identity: string }> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const parse = PARSERS[type];
  if (!parse) {
    const detail = "Send application/json (an order or an array) or application/x-ndjson";
    throw new AppError(415, "unsupported_media_type", detail);
  }
  const { text, hash } = await wholeBody(() => readText(request));
  return { orders: counted(parse(text)), identity: `${type} ${hash}` };
}

function* counted(orders: Iterable<OrderText>): Generator<OrderText> {
  let count = 0;
  for (const order of orders) {
    count += 1;
    if (count > MAX_ORDERS) {
      const detail = `The request holds over ${MAX_ORDERS} orders, which is the most allowed`;
      throw new AppError(413, "too_many_orders", detail);
    }
    yield order;
  }
  if (count === 0) {
    throw new AppError(400, "empty_batch", "The request holds no order");
  }
}

async function readText(request: Request): Promise<{ text: string; hash: string }> {
  const tooLarge = () =>
    new AppError(413, "body_too_large", `The body is over ${MAX_ORDERS_BYTES} bytes`);
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > MAX_ORDERS_BYTES) {
    throw tooLarge();
  }
  const decode = decoder();
  const digest = new crypto.DigestStream("SHA-256");
  const hashing = digest.getWriter();
  let text = "";
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_ORDERS_BYTES) {
      throw tooLarge();
    }
    text += decode(chunk);
    await hashing.write(chunk);
  }
  text += decode();
  await hashing.close();
  return { text, hash: hex(new Uint8Array(await digest.digest)) };
}

/** Makes a decoder of chunks, which ends without one. It drops a byte order mark (RFC 8259). */
function decoder(): (chunk?: Uint8Array) => string {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  return (chunk) => {
    try {
      return chunk ? utf8.decode(chunk, { stream: true }) : utf8.decode();
    } catch {
      throw new AppError(400, "invalid_encoding", "The body is not UTF-8");
    }
  };
}

function* parseJson(text: string): Generator<OrderText> {
  if (isJsonArray(text)) {
    try {
      for (const item of jsonItems(text)) {
        yield readOrderText(item);
      }
    } catch (error) {
      throw notJson(error);
    }
    return;
  }
  const order = parseOne(text);
  if (!isRecord(order.value)) {
    throw new AppError(400, "invalid_body", "The body must be an order or an array of orders");
  }
  yield order;
}

function parseOne(text: string): OrderText {
  try {
    return readOrderText(text);
  } catch (error) {
    throw notJson(error);
  }
}

function notJson(error: unknown): AppError {
  return new AppError(400, "invalid_json", `The body is not JSON: ${messageOf(error)}`);
}

function* parseNdjson(text: string): Generator<OrderText> {
  let line = 0;
  for (let start = 0; start <= text.length; line += 1) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const content = text.slice(start, end);
    start = end + 1;
    if (content.trim() !== "") {
      yield parseLine(content, line + 1);
    }
  }
}

function parseLine(content: string, line: number): OrderText {
  try {
    return readOrderText(content);
  } catch (error) {
    const detail = `Line ${line} is not JSON, or is cut short: ${messageOf(error)}`;
    throw new AppError(400, "invalid_ndjson", detail, { line });
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200).toWellFormed();
}
