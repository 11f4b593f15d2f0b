import { PartBuffer } from "./part-buffer";
import {
  abortUpload,
  completeUpload,
  LostError,
  openUpload,
  type Target,
  type Upload,
  uploadPart,
} from "./upload";

/** A checkpoint carries at most this many bytes, as their Base64 must fit into the task's row. */
const MAX_CARRY = 500_000;

/** Written says how far a file is. It goes through JSON. */
export interface Written<Position> {
  /** The upload; null until there is more than one part holds. */
  upload: Upload | null;
  /** Base64 of what was written up to the position but is in no part yet. */
  carry: string | null;
  /**
   * The key of an object with the carried bytes, if these are too many for a checkpoint. `carry` is
   * null then, so that a version that knows no `rest` fails instead of going on without it.
   */
  rest?: string | null;
  /** The key of the last `rest`, which is no longer needed once this is a checkpoint. */
  spent?: string | null;
  position: Position;
  /** Whether everything written is in a part. */
  ended: boolean;
}

/**
 * PartWriter writes a file of any length while it holds one part of it. Each full part is uploaded,
 * and `save` gets the place to go on from. A file that fits into one part is put as it is.
 */
export class PartWriter<Position> {
  readonly #part: PartBuffer;
  #saved: Written<Position>;

  constructor(
    readonly target: Target,
    written: Written<Position>,
    partBytes: number,
    readonly save: (written: Written<Position>) => Promise<void>,
  ) {
    this.#part = new PartBuffer(partBytes);
    this.#saved = written;
  }

  /** The state that was saved last, or with which the writer began. */
  get saved(): Written<Position> {
    return this.#saved;
  }

  /** Puts back what was written but is in no part yet. */
  async resume(): Promise<void> {
    const { carry, rest, spent, position } = this.#saved;
    const { files } = this.target;
    const bytes = rest ? await readRest(files, rest) : Uint8Array.fromBase64(carry ?? "");
    await this.write(bytes, position);
    await drop(files, spent);
  }

  /**
   * Writes bytes; `position` is where to read on after them. Resolves to whether a part was uploaded:
   * then nothing is lost by stopping here.
   */
  async write(bytes: Uint8Array, position: Position): Promise<boolean> {
    let rest = this.#part.push(bytes);
    const uploads = this.#part.isFull;
    while (this.#part.isFull) {
      await this.#upload({ carry: rest.toBase64(), position, ended: false });
      rest = this.#part.push(rest);
    }
    return uploads;
  }

  /** Whether what is in no part yet is little enough for a checkpoint. */
  get isLight(): boolean {
    return this.#part.bytes.length <= MAX_CARRY;
  }

  /** Returns the state from which another run may go on. */
  async pause(position: Position): Promise<Written<Position>> {
    const { bytes } = this.#part;
    const { files, key } = this.target;
    const rest = this.isLight ? null : `${key}.${crypto.randomUUID()}`;
    if (rest !== null) {
      await files.put(rest, bytes);
    }
    const carry = rest === null ? bytes.toBase64() : null;
    return { ...this.#saved, carry, rest, spent: this.#saved.rest, position, ended: false };
  }

  /** Makes the object of what was written. Resolves to its size in bytes. */
  async end(position: Position): Promise<number> {
    const { target } = this;
    if (this.#saved.upload === null) {
      const { files, key, httpMetadata } = target;
      return (await files.put(key, this.#part.bytes, { httpMetadata })).size;
    }
    if (!this.#saved.ended) {
      await this.#upload({ carry: "", position, ended: true });
    }
    return completeUpload(target, this.#saved.upload);
  }

  async #upload(then: Omit<Written<Position>, "upload" | "rest" | "spent">): Promise<void> {
    let upload = this.#saved.upload ?? (await this.#open());
    if (this.#part.bytes.length > 0) {
      upload = await uploadPart(this.target, upload, this.#part.bytes);
      this.#part.clear();
    }
    await this.#save({ ...then, upload });
  }

  /** Opens the upload, and saves it before it has a part, as whoever cancels must know of it. */
  async #open(): Promise<Upload> {
    const upload = await openUpload(this.target);
    try {
      await this.#save({ ...this.#saved, upload });
    } catch (error) {
      await abortUpload(this.target.files, this.target.key, upload.id);
      throw error;
    }
    return upload;
  }

  async #save(written: Written<Position>): Promise<void> {
    const { rest } = this.#saved;
    await this.save(written);
    this.#saved = written;
    if (rest !== written.rest) {
      await drop(this.target.files, rest);
    }
  }
}

async function readRest(files: R2Bucket, key: string): Promise<Uint8Array> {
  const object = await files.get(key);
  if (!object) {
    throw new LostError(`There is no object ${key}`);
  }
  return new Uint8Array(await object.arrayBuffer());
}

/** Deletes an object. If that fails, it is deleted with the old files. */
async function drop(files: R2Bucket, key: string | null | undefined): Promise<void> {
  if (key) {
    await files.delete(key).catch(() => undefined);
  }
}
