/** PartBuffer is a part in the making. R2 wants every part but the last to be of one exact size. */
export class PartBuffer {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #filled = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  get isFull(): boolean {
    return this.#filled === this.#bytes.length;
  }

  /** Its content, as a view that is good until the next `push` after `clear`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#filled);
  }

  /** Takes the bytes that there is room for, and returns the rest. */
  push(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, this.#bytes.length - this.#filled);
    this.#bytes.set(taken, this.#filled);
    this.#filled += taken.length;
    return bytes.subarray(taken.length);
  }

  clear(): void {
    this.#filled = 0;
  }
}
