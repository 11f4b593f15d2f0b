/**
 * The signed link to a batch's page: whoever started a batch may follow it, and nobody can guess
 * the link of another.
 */
import { isSigned, sign } from "../auth/sessions/signing";

const PURPOSE = "pedidos: link to a batch";

/** "/pedidos/lotes/LOTE?k=SIGNATURE". */
export async function batchLink(env: Env, lote: string): Promise<string> {
  return `/pedidos/lotes/${lote}?k=${await sign(env, PURPOSE, lote)}`;
}

export function isSignedBatch(env: Env, lote: string, signature: string): Promise<boolean> {
  return isSigned(env, PURPOSE, lote, signature);
}
