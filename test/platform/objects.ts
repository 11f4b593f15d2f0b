/**
 * This file gives Durable Objects their documented behaviour: a call travels, an overloaded object
 * refuses at once, and one that moves or whose code changes drops its current calls.
 *
 * https://developers.cloudflare.com/durable-objects/best-practices/error-handling/ (`overloaded`
 * must not be retried, `retryable` may be; the words of "version before" are workerd's),
 * /durable-objects/observability/troubleshooting/
 */
import { connect } from "./invocation";
import { sleep } from "./sleep";

export const OBJECT_ERRORS = {
  overloaded: {
    message: "Durable Object is overloaded. Too many requests queued.",
    overloaded: true,
    retryable: false,
  },
  "code updated": {
    message: "Durable Object reset because its code was updated.",
    overloaded: false,
    retryable: true,
  },
  "network lost": { message: "Network connection lost.", overloaded: false, retryable: true },
  "storage reset": {
    message: "Internal error in Durable Object storage caused object to be reset.",
    overloaded: false,
    retryable: true,
  },
  /** An object answers this while its class, of the older version, lacks the method. */
  "version before": {
    message: "The RPC receiver does not implement the method.",
    overloaded: false,
    retryable: false,
  },
} as const;

export type ObjectErrorName = keyof typeof OBJECT_ERRORS;

function objectError(name: ObjectErrorName): Error {
  const { message, ...properties } = OBJECT_ERRORS[name];
  return Object.assign(new Error(message), properties);
}

interface ObjectFault {
  error: ObjectErrorName;
  /** `committed` means that the call takes effect and only its answer is lost. */
  committed?: boolean;
}

export interface ObjectRules {
  /** `roundTripMs` is the time from the caller to the object and back. */
  roundTripMs?: number;
  /** `fault` is asked before each call, with its method. */
  fault?: (method: string) => ObjectFault | null | undefined;
}

/** Returns a namespace whose stubs keep to the rules. */
export function strictObjects<Namespace extends DurableObjectNamespace<never>>(
  namespace: Namespace,
  rules: ObjectRules = {},
): Namespace {
  return new Proxy(namespace, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") {
        return value;
      }
      const bound = value.bind(target) as (...given: unknown[]) => unknown;
      return name === "get" || name === "getByName"
        ? (...given: unknown[]) => strictStub(bound(...given) as object, rules)
        : bound;
    },
  });
}

function strictStub(stub: object, { roundTripMs = 0, fault }: ObjectRules): object {
  return new Proxy(stub, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function" || typeof name === "symbol") {
        return value;
      }
      return async (...given: unknown[]) =>
        connect(async () => {
          await sleep(roundTripMs / 2);
          const struck = fault?.(name);
          if (struck && !struck.committed) {
            throw objectError(struck.error);
          }
          const result: unknown = await Reflect.apply(value, target, given);
          await sleep(roundTripMs / 2);
          if (struck) {
            throw objectError(struck.error);
          }
          return result;
        });
    },
  });
}
