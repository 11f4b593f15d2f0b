import { afterAll } from "vitest";
import { cleanUp } from "../../scripts/harness/server.ts";

export { temporaryFolder } from "../../scripts/harness/folders.ts";
export { childrenOf, stillLiving } from "../../scripts/harness/processes.ts";
export {
  freePort,
  runStart,
  type Server,
  startServer,
  untilServing,
} from "../../scripts/harness/server.ts";
export { root as project } from "../../scripts/lib/tools.mjs";

afterAll(cleanUp);
