import type { TaskChange } from "../tasks/model/publish";
import { mergeInto } from "./events";

const MAX_CHANGES = 5000;

/** A RingPlace is the last publish that a client has seen. */
export interface RingPlace {
  epoch: string;
  seq: number;
}

/**
 * A Ring keeps what was published lately, for clients that come back. Every publish has a number in
 * an epoch; a ring that may have missed something begins a new epoch.
 */
export class Ring {
  #epoch = newEpoch();
  #seq = 0;
  #batches: { seq: number; changes: TaskChange[] }[] = [];
  #size = 0;

  get place(): RingPlace {
    return { epoch: this.#epoch, seq: this.#seq };
  }

  add(changes: TaskChange[]): void {
    this.#seq += 1;
    this.#batches.push({ seq: this.#seq, changes });
    this.#size += changes.length;
    while (this.#size > MAX_CHANGES) {
      this.#size -= this.#batches.shift()?.changes.length ?? 0;
    }
  }

  /** Begins a new epoch because something may be missing; nobody can catch up across this point. */
  breakOff(): void {
    this.#epoch = newEpoch();
    this.#seq = 0;
    this.#batches = [];
    this.#size = 0;
  }

  /**
   * Returns the latest state of each task that changed after `place`; null when the ring does not
   * reach back that far.
   */
  since({ epoch, seq }: RingPlace): Iterable<TaskChange> | null {
    const first = this.#batches[0]?.seq ?? this.#seq + 1;
    return epoch === this.#epoch && seq <= this.#seq && seq >= first - 1 ? this.#after(seq) : null;
  }

  /** Returns the latest state of every task that the ring remembers. */
  all(): Iterable<TaskChange> {
    return this.#after(0);
  }

  #after(seq: number): Iterable<TaskChange> {
    const latest = new Map<string, TaskChange>();
    for (const batch of this.#batches) {
      if (batch.seq > seq) {
        mergeInto(latest, batch.changes);
      }
    }
    return latest.values();
  }
}

function newEpoch(): string {
  return crypto.randomUUID().slice(0, 8);
}
