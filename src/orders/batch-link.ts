/**
 * A signed link to a batch's page lets whoever started the batch follow it, while nobody can guess
 * the link of another.
 */
import { isSigned, sign } from "../auth/sessions/signing";

const PURPOSE = "pedidos: link to a batch";

/** Makes the link's path and query: "/pedidos/lotes/LOTE?k=SIGNATURE". */
export async function batchLink(env: Env, batchId: string): Promise<string> {
  return `/pedidos/lotes/${batchId}?k=${await sign(env, PURPOSE, batchId)}`;
}

export function isSignedBatch(env: Env, batchId: string, signature: string): Promise<boolean> {
  return isSigned(env, PURPOSE, batchId, signature);
}
