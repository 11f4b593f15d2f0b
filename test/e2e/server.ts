import { afterAll } from "vitest";
import { cleanUp } from "../../scripts/harness/server.ts";

export { childrenOf, stillLiving } from "../../scripts/harness/processes.ts";
export {
  freePort,
  project,
  type Run,
  runStart,
  type Server,
  startServer,
  temporaryFolder,
  untilServing,
} from "../../scripts/harness/server.ts";

afterAll(cleanUp);
