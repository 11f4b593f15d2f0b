import { requireSecret } from "./settings";

const encoder = new TextEncoder();
const keys = new WeakMap<Env, Map<string, Promise<CryptoKey>>>();

/** HMAC-SHA-256 of a text under a key of its own purpose, as 43 characters of base64url. */
export async function sign(env: Env, purpose: string, text: string): Promise<string> {
  const key = await keyOf(env, purpose);
  const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
  return toBase64Url(new Uint8Array(signature));
}

/** Whether `signature` is the one of this text; compared in constant time. */
export async function isSigned(
  env: Env,
  purpose: string,
  text: string,
  signature: string,
): Promise<boolean> {
  const bytes = /^[\w-]{43}$/.test(signature) ? fromBase64Url(signature) : null;
  const key = await keyOf(env, purpose);
  return bytes !== null && crypto.subtle.verify("HMAC", key, bytes, encoder.encode(text));
}

/** Derived from the secret, so that it is of no use for anything else the secret signs. */
function keyOf(env: Env, purpose: string): Promise<CryptoKey> {
  requireSecret(env);
  const known = keys.get(env) ?? new Map<string, Promise<CryptoKey>>();
  keys.set(env, known);
  const key = known.get(purpose) ?? derive(env.BETTER_AUTH_SECRET, purpose);
  known.set(purpose, key);
  return key;
}

async function derive(secret: string, purpose: string): Promise<CryptoKey> {
  const bytes = encoder.encode(secret);
  const material = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode(purpose) },
    material,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}

export function toBase64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Null for what is not base64url. */
export function fromBase64Url(text: string): Uint8Array | null {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
