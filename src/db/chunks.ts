/** D1 caps a bound value at 2 MB in production; the local one does not. */
const MAX_BYTES = 1_500_000;

const encoder = new TextEncoder();
const scratch = new Uint8Array(256 * 1024);

/** Bytes of a text's UTF-8, of which a character takes up to three. Most leave no garbage. */
export function sizeOf(text: string): number {
  return text.length * 3 <= scratch.length
    ? encoder.encodeInto(text, scratch).written
    : encoder.encode(text).byteLength;
}

/** Joins JSON texts into JSON arrays of at most 1.5 MB each (UTF-8); one larger text stands alone. */
export function inChunks(values: Iterable<string>): string[] {
  const chunks: string[] = [];
  let current: string[] = [];
  let bytes = 1;
  for (const value of values) {
    const size = sizeOf(value) + 1;
    if (bytes + size > MAX_BYTES && current.length > 0) {
      chunks.push(`[${current.join(",")}]`);
      current = [];
      bytes = 1;
    }
    current.push(value);
    bytes += size;
  }
  if (current.length > 0) {
    chunks.push(`[${current.join(",")}]`);
  }
  return chunks;
}

/** JSON arrays, none of them empty, as one. */
export function joinArrays(texts: readonly string[]): string {
  return `[${texts.map((text) => text.slice(1, -1)).join(",")}]`;
}
