import type { D1Migration } from "cloudflare:test";

declare global {
  namespace Cloudflare {
    interface Env {
      TEST_MIGRATIONS: D1Migration[];
      /** Empty unless the environment of the test run says otherwise. */
      FUZZ_RUNS: string;
      FUZZ_SEED: string;
      LARGE_TASKS: string;
    }
  }
}
