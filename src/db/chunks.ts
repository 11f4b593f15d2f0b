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

/** JSON texts joined, as they come, into JSON arrays of at most 1.5 MB each (UTF-8). */
export class Chunks {
  readonly #whole: string[] = [];
  #texts: string[] = [];
  #bytes = 1;

  /** One larger text stands alone. */
  add(text: string): void {
    const size = sizeOf(text) + 1;
    if (this.#bytes + size > MAX_BYTES) {
      this.#close();
    }
    this.#texts.push(text);
    this.#bytes += size;
  }

  /** All of them; of nothing, none. */
  end(): string[] {
    this.#close();
    return this.#whole;
  }

  #close(): void {
    if (this.#texts.length > 0) {
      this.#whole.push(`[${this.#texts.join(",")}]`);
      this.#texts = [];
      this.#bytes = 1;
    }
  }
}

/** Joins texts that are all there already: see Chunks. */
export function inChunks(texts: Iterable<string>): string[] {
  const chunks = new Chunks();
  for (const text of texts) {
    chunks.add(text);
  }
  return chunks.end();
}

/** JSON arrays, none of them empty, as one. */
export function joinArrays(texts: readonly string[]): string {
  return `[${texts.map((text) => text.slice(1, -1)).join(",")}]`;
}
