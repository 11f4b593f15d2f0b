import { call, type CallInit, ORIGIN } from "./api";

/** With headers one may add to. */
type Visit = Omit<CallInit, "headers"> & { headers?: Record<string, string> };

/** As a browser asks for a page, in English. */
export function visit(path: string, init: Visit = {}): Promise<Response> {
  const headers = { accept: "text/html", "accept-language": "en", ...init.headers };
  return call(path, { ...init, headers });
}

/** As a browser sends a form of this site. */
export function submit(
  path: string,
  fields: Record<string, string> | [string, string][],
  init: Visit = {},
): Promise<Response> {
  return visit(path, {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    ...init,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: ORIGIN,
      "sec-fetch-site": "same-origin",
      ...init.headers,
    },
  });
}

/** What is said beside a field; undefined where nothing is. */
export function problemBeside(html: string, field: string): string | undefined {
  return new RegExp(`<span class="problem" id="${field}-problem">([^<]+)</span>`).exec(html)?.[1];
}
