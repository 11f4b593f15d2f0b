/**
 * D1_ERRORS are the messages of D1 when it is itself in trouble, word for word.
 *
 * [debug] https://developers.cloudflare.com/d1/observability/debug-d1/ (List of D1_ERRORs)
 * [api] workerd, src/cloudflare/internal/d1-api.ts
 * [size] https://developers.cloudflare.com/d1/platform/limits/ (10 GB), worded as deployments
 * report it
 */
export const D1_ERRORS = {
  "code updated": "D1 DB reset because its code was updated.", // [debug]
  "starting up": "Internal error while starting up D1 DB storage caused object to be reset.", // [debug]
  "network lost": "Network connection lost.", // [debug]
  "storage reset": "Internal error in D1 DB storage caused object to be reset.", // [debug]
  "cannot resolve": "Cannot resolve D1 DB due to transient issue on remote node.", // [debug]
  "client disconnected": "Can't read from request stream because client disconnected.", // [debug]
  "storage timeout": "D1 DB storage operation exceeded timeout which caused object to be reset.", // [debug]
  "queued too long": "D1 DB is overloaded. Requests queued for too long.", // [debug]
  "too many queued": "D1 DB is overloaded. Too many requests queued.", // [debug]
  "memory limit": "D1 DB's isolate exceeded its memory limit and was reset.", // [debug]
  "cpu limit": "D1 DB exceeded its CPU time limit and was reset.", // [debug]
  "not JSON": "Failed to parse body as JSON, got: error code: 1031", // [api]
  full: "Exceeded maximum DB size", // [size]
} as const;

export type D1ErrorName = keyof typeof D1_ERRORS;

export const D1_ERROR_NAMES = Object.keys(D1_ERRORS) as D1ErrorName[];

export function d1Error(name: D1ErrorName): Error {
  return new Error(`D1_ERROR: ${D1_ERRORS[name]}`);
}
