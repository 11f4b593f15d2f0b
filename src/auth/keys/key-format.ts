import { hex } from "../../lib/hex";

/**
 * A key reads `pek_<id>_<secret>`, both parts hexadecimal: 64 random bits name the row, 256 prove
 * possession. A secret that long needs no salt and no slow hash, so its SHA-256 is stored.
 */
export const ID_BYTES = 8;
export const SECRET_BYTES = 32;

const KEY = /^pek_([0-9a-f]{16})_([0-9a-f]{64})$/;

export function formatKey(id: string, secret: string): string {
  return `pek_${id}_${secret}`;
}

/**
 * Returns the parts of a well-formed key, else null, so that garbage never reaches the database.
 */
export function parseKey(key: string): { id: string; secret: string } | null {
  const [, id, secret] = KEY.exec(key) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

export function randomHex(bytes: number): string {
  return hex(crypto.getRandomValues(new Uint8Array(bytes)));
}
