import type { D1Migration } from "cloudflare:test";

declare global {
  namespace Cloudflare {
    interface Env {
      TEST_MIGRATIONS: D1Migration[];
      /** FUZZ_RUNS is empty unless the environment of the test run sets it. */
      FUZZ_RUNS: string;
      FUZZ_SEED: string;
      LARGE_TASKS: string;
    }
  }
}
