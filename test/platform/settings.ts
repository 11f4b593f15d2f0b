/** What a started server's platform is like; travels as JSON from whoever starts it. */
export interface PlatformSettings {
  /** Of the queues (queues.ts), and what shows that a batch comes from there. */
  queues: string;
  secret: string;
  /** To D1 and back, and to an object and back. Milliseconds. */
  roundTripMs: number;
  /** D1 does one call at a time, each for so long. */
  writeMs: number;
  readMs: number;
  /** Share of the calls to D1 and to objects that fail in the documented words, from 0 to 1. */
  faults: number;
  /** The clock moves only with I/O. */
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
