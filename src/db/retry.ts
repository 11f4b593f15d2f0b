const TRANSIENT =
  /network connection lost|storage caused object to be reset|code was updated|transient|internal error/i;
const OVERLOADED = /overloaded|too many requests queued|queued for too long/i;

/** Whether D1 failed in passing, or is overloaded: the caller may try again later. */
export function isDatabaseTrouble(message: string): boolean {
  return TRANSIENT.test(message) || OVERLOADED.test(message);
}

export interface Sleep {
  (ms: number): Promise<void>;
}

const sleep: Sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Runs a D1 call again when D1 failed in passing. A failed write may have committed, so only
 * statements that may be repeated without effect belong in here. An overloaded database is left
 * alone at once: the caller sheds or delays.
 */
export async function retryD1<T>(call: () => Promise<T>, tries = 3, wait = sleep): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (attempt >= tries || OVERLOADED.test(message) || !TRANSIENT.test(message)) {
        throw error;
      }
      await wait(20 * 4 ** (attempt - 1));
    }
  }
}
