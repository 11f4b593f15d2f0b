/**
 * A clock that stands still while code computes, and moves only with I/O.
 *
 * https://developers.cloudflare.com/workers/runtime-apis/performance/
 */
const RealDate = Date;
const realPerformance = performance.now.bind(performance);
const realTimers = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  wait: scheduler.wait.bind(scheduler),
};

let now: number | null = null;
let elapsed = 0;

class StillDate extends RealDate {
  constructor(...given: [] | ConstructorParameters<DateConstructor>) {
    if (given.length === 0) {
      super(StillDate.now());
    } else {
      super(...given);
    }
  }

  static override now(): number {
    return now ?? RealDate.now();
  }
}

/**
 * Moves the clock to the real time, because something came back from outside. It has no effect
 * until `stopClock`.
 */
export function tick(): void {
  if (now !== null) {
    now = RealDate.now();
    elapsed = realPerformance();
  }
}

/** Returns the real time, or the one a test has set. */
export function trueNow(): number {
  return (now === null ? Date : RealDate).now();
}

type Timer = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => number;

/** Wraps a timer, since its firing moves the clock too. */
function late<Set extends typeof setTimeout | typeof setInterval>(set: Set): Set {
  const timer: Timer = (callback, ms, ...args) =>
    (set as unknown as Timer)(() => {
      tick();
      callback(...args);
    }, ms);
  return timer as unknown as Set;
}

/** Stops time, except at a `tick`. Returns a function that lets it run again. */
export function stopClock(): () => void {
  now = RealDate.now();
  elapsed = realPerformance();
  globalThis.Date = StillDate as DateConstructor;
  performance.now = () => elapsed;
  globalThis.setTimeout = late(realTimers.setTimeout);
  globalThis.setInterval = late(realTimers.setInterval);
  scheduler.wait = async (...call) => {
    await realTimers.wait(...call);
    tick();
  };
  return () => {
    now = null;
    globalThis.Date = RealDate;
    performance.now = realPerformance;
    globalThis.setTimeout = realTimers.setTimeout;
    globalThis.setInterval = realTimers.setInterval;
    scheduler.wait = realTimers.wait;
  };
}
