/**
 * A Bloom filter of strings says "no" with certainty, and "perhaps" wrongly about once in a hundred
 * times. It has ten bits an entry and seven probes. The index keeps it as Base64 of its bits, the
 * lowest bit of a byte first. Probe i looks at bit (a + i * b) mod m of the m bits, where a and b
 * are FNV-1a hashes of 32 bits over the UTF-8 of the entry. Hash a starts from the usual offset.
 * Hash b goes on from a with one further byte, 0xff, and is made odd.
 */
const BITS_PER_ENTRY = 10;
const PROBES = 7;

/** Returns the filter of these entries, in Base64; "" for none. */
export function bloomOf(entries: ReadonlySet<string>): string {
  if (entries.size === 0) {
    return "";
  }
  const bits = new Uint8Array(Math.ceil((entries.size * BITS_PER_ENTRY) / 8));
  for (const entry of entries) {
    for (const bit of probes(entry, bits.length * 8)) {
      bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return bits.toBase64();
}

/** Tells whether the filter may have been made of the entry. */
export function mayHold(filter: string, entry: string): boolean {
  if (filter === "") {
    return false;
  }
  const length =
    (filter.length / 4) * 3 - (filter.endsWith("==") ? 2 : filter.endsWith("=") ? 1 : 0);
  return probes(entry, length * 8).every((bit) => byteAt(filter, bit >> 3) & (1 << (bit & 7)));
}

// Single bytes are read out of the Base64, as a look-up asks hundreds of filters for seven bits
// each: to decode them all would take most of its time.
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SIX_BITS = new Map(Array.from(LETTERS, (letter, value) => [letter, value]));

function byteAt(base64: string, index: number): number {
  const letter = Math.floor((index * 8) / 6);
  const [high = 0, low = 0] = [letter, letter + 1].map((at) => SIX_BITS.get(base64[at] ?? "") ?? 0);
  return (((high << 6) | low) >> (4 - 2 * (index % 3))) & 0xff;
}

const encoder = new TextEncoder();

function probes(entry: string, bits: number): number[] {
  const bytes = encoder.encode(entry);
  const start = fnv1a(bytes);
  const step = fnv1a([0xff], start) | 1;
  return Array.from({ length: PROBES }, (_, k) => (start + k * (step >>> 0)) % bits);
}

function fnv1a(bytes: Iterable<number>, from = 0x811c9dc5): number {
  let hash = from;
  for (const byte of bytes) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
