/** D1 refuses a bound value over 2 MB in production, though not locally. */
const MAX_BYTES = 1_500_000;

const encoder = new TextEncoder();
const scratch = new Uint8Array(256 * 1024);

/**
 * Returns a text's bytes in UTF-8, of which a character takes up to three. A reused buffer measures
 * most texts without garbage.
 */
export function sizeOf(text: string): number {
  return text.length * 3 <= scratch.length
    ? encoder.encodeInto(text, scratch).written
    : encoder.encode(text).byteLength;
}

/** Chunks joins JSON texts, as they come, into JSON arrays of at most 1.5 MB of UTF-8 each. */
export class Chunks {
  readonly #whole: string[] = [];
  #texts: string[] = [];
  #bytes = 1;

  /** A text larger than a chunk gets an array of its own. */
  add(text: string): void {
    const size = sizeOf(text) + 1;
    if (this.#bytes + size > MAX_BYTES) {
      this.#close();
    }
    this.#texts.push(text);
    this.#bytes += size;
  }

  /** Returns all arrays; there are none when nothing was added. */
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

/** Joins texts that are all at hand into JSON arrays, as `Chunks` does. */
export function inChunks(texts: Iterable<string>): string[] {
  const chunks = new Chunks();
  for (const text of texts) {
    chunks.add(text);
  }
  return chunks.end();
}

/** Joins JSON arrays, none of which may be empty, into one. */
export function joinArrays(texts: readonly string[]): string {
  return `[${texts.map((text) => text.slice(1, -1)).join(",")}]`;
}
