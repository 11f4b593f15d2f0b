import { configOf } from "./config";

/**
 * The Durable Object of a name. It is made where LOCATION says, if this call makes it: of an object
 * that is there already the platform takes no hint.
 */
export function objectOf<T extends Rpc.DurableObjectBranded>(
  env: Env,
  namespace: DurableObjectNamespace<T>,
  name: string,
): DurableObjectStub<T> {
  const { location } = configOf(env);
  return namespace.getByName(name, location === null ? {} : { locationHint: location });
}
