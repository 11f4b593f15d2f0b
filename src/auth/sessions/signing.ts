/**
 * Links are signed with HMAC-SHA-256 in URL-safe base64. Every purpose has a key of its own,
 * derived from the secret, so that a signature for one purpose is worthless for another.
 */
import { requireSecrets } from "../settings";

const encoder = new TextEncoder();

export async function sign(env: Env, purpose: string, text: string): Promise<string> {
  const key = await keyOf(env, purpose);
  const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
  return toBase64Url(new Uint8Array(signature));
}

/** Tells whether `signature` is that of the text; the comparison takes constant time. */
export async function isSigned(
  env: Env,
  purpose: string,
  text: string,
  signature: string,
): Promise<boolean> {
  const bytes = /^[\w-]{43}$/.test(signature) ? fromBase64Url(signature) : null;
  return (
    bytes !== null &&
    crypto.subtle.verify("HMAC", await keyOf(env, purpose), bytes, encoder.encode(text))
  );
}

const keys = new WeakMap<Env, Map<string, CryptoKey>>();

async function keyOf(env: Env, purpose: string): Promise<CryptoKey> {
  const ofEnv = keys.get(env) ?? new Map<string, CryptoKey>();
  keys.set(env, ofEnv);
  const known = ofEnv.get(purpose);
  if (known) {
    return known;
  }
  requireSecrets(env, "BETTER_AUTH_SECRET");
  const secret = encoder.encode(env.BETTER_AUTH_SECRET);
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode(purpose) },
    material,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
  ofEnv.set(purpose, key);
  return key;
}

export function toBase64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Decodes base64url; null for any other text. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    return null;
  }
}
