/**
 * This file generates requests to one route that are mostly right, wrong in one thing or in all.
 */
import * as fc from "fast-check";
import { NAMES } from "../../src/admin/names";
import { hostileText, nearlyAnOrder, validOrder } from "./arbitraries";
import { asBytes, broken } from "./hostile-json";
import { bodyOf, queryNamesOf } from "./described-values";
import { fill, nameOf, type Route } from "./route-table";

const CALLERS = ["nobody", "viewer", "operator", "admin", "key"] as const;
export type CallerName = (typeof CALLERS)[number];

export interface HostileRequest {
  caller: CallerName;
  method: string;
  /** `path` is as on the wire, percent signs and all. */
  path: string;
  headers: [name: string, value: string][];
  body: Uint8Array | null;
}

const encoded = hostileText.map((text) => encodeURIComponent(text.slice(0, 3000).toWellFormed()));
const rawPiece = fc.constantFrom(
  "%ff",
  "%00",
  "%",
  "%zz",
  "%c0%ae%c0%ae",
  "%2e%2e%2f",
  "..%2f..%2f",
  "%252e",
  "a;b=c",
  "%0d%0aSet-Cookie:x=1",
  "%ed%a0%80",
  "*",
  "x".repeat(8000),
  "%41".repeat(1000),
);
const piece = (known: readonly string[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("1", ...known) },
    { weight: 1, arbitrary: encoded },
    { weight: 1, arbitrary: rawPiece },
  );

const PAGE_PARAMETERS = ["q", "next", "back", "lang", "k", "from", "to", "customer", "name", "out"];
const goodValue = fc.constantFrom(
  "1",
  "10",
  "200",
  "2026-11-22",
  "2026-11-22T10:00:00Z",
  "+275760-09-13T00:00:00Z",
  "0000-01-01",
  "9999-12-31",
  "FAILURE",
  "OPEN",
  "en",
  "/admin/tasks",
  "//evil.example",
  "WyJuZXh0IiwxLDAsImEiXQ",
  "WyJuZXh0IiwxLDAsMSwiYSJd",
  "WyJwcmV2aW91cyIsMWUzMDgsMSwtMCwiIl0",
  "-1",
  "1e309",
  "0x10",
  "999999999999999999999",
);

/**
 * Generates a query mostly from known names, each once, because an unknown name is refused before
 * anything else runs.
 */
function query(route: Route, known: readonly string[]): fc.Arbitrary<string> {
  const own = queryNamesOf(route);
  const name = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...own, ...PAGE_PARAMETERS) },
    { weight: 1, arbitrary: encoded },
    { weight: 1, arbitrary: rawPiece },
  );
  const value = fc.oneof({ weight: 3, arbitrary: goodValue }, piece(known));
  const searchOf = (pairs: [string, string][]) =>
    pairs.length > 0 ? `?${pairs.map(([left, right]) => `${left}=${right}`).join("&")}` : "";
  const anyhow = fc.array(fc.tuple(name, value), { maxLength: 4 });
  const rightly = fc
    .subarray([...own], { maxLength: Math.min(4, own.length) })
    .chain((names) => fc.tuple(...names.map((each) => fc.tuple(fc.constant(each), value))));
  return fc
    .oneof({ weight: 4, arbitrary: rightly }, { weight: 1, arbitrary: anyhow })
    .map(searchOf);
}

/** Generates any ASCII byte that a header may carry; for others workerd prints a warning each. */
const headerBytes = fc
  .array(fc.constantFrom(0x01, 0x09, 0x1f, 0x7f, ...visible()), { maxLength: 60 })
  .map((bytes) => String.fromCharCode(...bytes).trim());

function visible(): number[] {
  return Array.from({ length: 0x5f }, (_, at) => 0x20 + at);
}

const headerValues: Record<string, string[]> = {
  accept: ["text/html", "*/*", "application/json", "text/html;q=".repeat(300)],
  "accept-language": ["en", "es-419,es;q=0.9", "x".repeat(4000), "*;q=-1"],
  authorization: [
    "Bearer",
    "Bearer ",
    "bearer x",
    "Basic YTpi",
    `Bearer pek_${"0".repeat(16)}_${"f".repeat(64)}`,
  ],
  "cf-connecting-ip": ["203.0.113.9", "2001:db8::1", "::", "[", "not-an-address"],
  "content-encoding": ["gzip", "br", "x"],
  "content-length": ["0", "5", "99999999999"],
  cookie: [
    "lang=%E0%A4%A; theme=dark",
    "__Secure-better-auth.session_token=a.b; __Secure-better-auth.session_data=%00",
    "__Secure-better-auth.session_token=%ff%fe",
    "=;;=;lang",
  ],
  host: ["evil.example", "a b", ""],
  "idempotency-key": ["k", "x".repeat(256)],
  origin: ["https://evil.example", "null", "https://pedidos.example"],
  purpose: ["prefetch"],
  range: ["bytes=0-0", "bytes=9999999999-"],
  referer: ["https://evil.example/x"],
  "sec-fetch-site": ["same-origin", "cross-site", "none"],
  "sec-purpose": ["prefetch;prerender"],
  "transfer-encoding": ["chunked", "x"],
  upgrade: ["websocket"],
  "x-forwarded-host": ["evil.example"],
  "x-forwarded-proto": ["javascript"],
  "x-http-method-override": ["DELETE"],
  "x-request-id": ["a".repeat(300), "<script>"],
};
const header: fc.Arbitrary<[string, string]> = fc
  .constantFrom(...Object.keys(headerValues))
  .chain((name) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof(fc.constantFrom(...(headerValues[name] ?? [])), headerBytes),
    ),
  );

const ANY_FIELDS = ["email", "password", "reason", "lang", "back", "next", "%ff", "a[b]"];

/** Generates a form from the fields that the route's page takes, or from any if it takes none. */
function form(route: Route): fc.Arbitrary<string> {
  const own = NAMES[nameOf(route)] ?? [];
  const value = fc.oneof(encoded, rawPiece, goodValue, fc.constant("admin%40example.com"));
  const fields = (names: readonly string[]) =>
    fc
      .subarray([...names])
      .chain((some) => fc.tuple(...some.map((name) => value.map((each) => `${name}=${each}`))));
  return fc
    .oneof({ weight: 4, arbitrary: fields(own) }, { weight: 1, arbitrary: fields(ANY_FIELDS) })
    .map((pairs) => pairs.join("&"));
}

const BOUNDARY = "edge";
const multipart = fc
  .array(fc.tuple(fc.constantFrom("reason", "email", 'x"y', ""), hostileText), { maxLength: 3 })
  .map((parts) =>
    parts
      .map(
        ([name, text]) =>
          `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`,
      )
      .join("")
      .concat(`--${BOUNDARY}--`),
  );

interface Body {
  type: string;
  bytes: Uint8Array;
}

function body(route: Route): fc.Arbitrary<Body> {
  const own = bodyOf(route);
  const order = fc.oneof(validOrder, nearlyAnOrder);
  const orders = fc.oneof(order, fc.array(order, { maxLength: 4 }));
  const valid = own === null ? orders : fc.oneof({ weight: 6, arbitrary: own }, orders);
  const json = fc.oneof(
    valid.map((value) => JSON.stringify(value)),
    broken(valid),
    broken(valid),
  );
  const texts: Record<string, fc.Arbitrary<string>> = {
    "application/json": json,
    "application/json; charset=latin1": json,
    "application/x-ndjson": fc.array(json, { maxLength: 4 }).map((lines) => lines.join("\n")),
    "application/x-www-form-urlencoded": form(route),
    [`multipart/form-data; boundary=${BOUNDARY}`]: multipart,
    "multipart/form-data": multipart,
    "text/plain": hostileText,
    "": hostileText,
  };
  const usual = route.path.startsWith("/api/") ? 0 : 3;
  const types = Object.keys(texts);
  const type = fc.oneof(
    { weight: 5, arbitrary: fc.constant(types[usual] ?? "") },
    { weight: 4, arbitrary: fc.constantFrom(...types) },
  );
  return type.chain((chosen) =>
    asBytes(texts[chosen] ?? hostileText).map((bytes) => ({ type: chosen, bytes })),
  );
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND"];

/** Generates a request to a route. `known` are existing ids, which may appear anywhere in it. */
export function hostileRequest(
  route: Route,
  known: readonly string[],
): fc.Arbitrary<HostileRequest> {
  const parts = {
    caller: fc.constantFrom(...CALLERS),
    parameter: route.path.includes(":") ? piece(known) : fc.constant(""),
    tail: fc.oneof(
      { weight: 12, arbitrary: fc.constant("") },
      fc.constant("/"),
      piece(known).map((text) => `/${text}`),
    ),
    search: query(route, known),
    headers: fc.oneof(fc.array(header, { maxLength: 0 }), fc.array(header, { maxLength: 4 })),
  };
  const some = body(route);
  const method = fc.oneof(
    { weight: 9, arbitrary: fc.constant(route.method) },
    { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
  );
  return method.chain((chosen) => {
    const none = chosen === "GET" || chosen === "HEAD";
    const sent = none ? fc.constant(null) : some;
    return fc.record({ ...parts, sent }).map((request) => assemble(route, chosen, request));
  });
}

interface Parts {
  caller: CallerName;
  parameter: string;
  tail: string;
  search: string;
  headers: [string, string][];
  sent: Body | null;
}

function assemble(route: Route, method: string, parts: Parts): HostileRequest {
  const { caller, parameter, tail, search, headers, sent } = parts;
  const typed: [string, string][] = sent?.type ? [["content-type", sent.type]] : [];
  const path = fill(route.path, () => parameter) + tail + search;
  return { caller, method, path, headers: [...typed, ...headers], body: sent?.bytes ?? null };
}
