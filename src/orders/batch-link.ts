/**
 * The signed link to a batch's page: whoever started a batch may follow it, and nobody can guess
 * the link of another. The signature is HMAC-SHA-256 of the lote; its key is derived, so that it
 * is of no use for anything else the secret signs.
 */
import { requireSecret } from "../auth/settings";

const PURPOSE = "pedidos: link to a batch";
const encoder = new TextEncoder();

/** "/pedidos/lotes/LOTE?k=SIGNATURE". */
export async function batchLink(env: Env, lote: string): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await keyOf(env), encoder.encode(lote));
  return `/pedidos/lotes/${lote}?k=${toBase64Url(new Uint8Array(signature))}`;
}

/** Whether `signature` is the one of this lote; compared in constant time. */
export async function isSignedBatch(env: Env, lote: string, signature: string): Promise<boolean> {
  const bytes = fromBase64Url(signature);
  return (
    bytes !== null && crypto.subtle.verify("HMAC", await keyOf(env), bytes, encoder.encode(lote))
  );
}

const keys = new WeakMap<Env, CryptoKey>();

async function keyOf(env: Env): Promise<CryptoKey> {
  const known = keys.get(env);
  if (known) {
    return known;
  }
  requireSecret(env);
  const secret = encoder.encode(env.BETTER_AUTH_SECRET);
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode(PURPOSE) },
    material,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
  keys.set(env, key);
  return key;
}

function toBase64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array | null {
  if (!/^[\w-]{43}$/.test(text)) {
    return null;
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
