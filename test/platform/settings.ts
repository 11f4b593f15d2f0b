/** PlatformSettings describe a started server's platform; whoever starts it passes them as JSON. */
export interface PlatformSettings {
  /** `queues` is the address of the queues (queues.ts); `secret` proves that a batch is theirs. */
  queues: string;
  secret: string;
  /** `roundTripMs` is the time, in milliseconds, to D1 and back, and to an object and back. */
  roundTripMs: number;
  /** D1 runs one call at a time: `writeMs` is how long one that writes takes, `readMs` any other. */
  writeMs: number;
  readMs: number;
  /**
   * `faults` is the share, from 0 to 1, of calls to D1 and to objects that fail in the documented
   * words.
   */
  faults: number;
  /** `stillClock` makes the clock move only with I/O. */
  stillClock: boolean;
  seed: number;
}

export const KIND: Omit<PlatformSettings, "queues" | "secret"> = {
  roundTripMs: 0,
  writeMs: 0,
  readMs: 0,
  faults: 0,
  stillClock: true,
  seed: 1,
};
