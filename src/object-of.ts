import { configOf } from "./config";

/**
 * Returns the Durable Object of a name. The platform follows LOCATION only when this call creates
 * the object.
 */
export function objectOf<T extends Rpc.DurableObjectBranded>(
  env: Env,
  namespace: DurableObjectNamespace<T>,
  name: string,
): DurableObjectStub<T> {
  const { location } = configOf(env);
  return namespace.getByName(name, location === null ? {} : { locationHint: location });
}
