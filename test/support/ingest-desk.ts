import { env as realEnv } from "cloudflare:workers";
import { guarded } from "../../src/db/guarded";
import { IngestRequests } from "../../src/tasks/accepting/ingest-desk";
import { AT_ONCE } from "./faults";

/**
 * Replaces the ingest desk by one over this environment's own database and queues, unless the
 * environment brings one. The deployment's object would use its own. It answers once messages were
 * sent.
 */
export function withOwnDesk(env: Env): Env {
  if (env.INGEST_DESK !== realEnv.INGEST_DESK) {
    return env;
  }
  const work: Promise<unknown>[] = [];
  const desk = new IngestRequests(guarded(env, AT_ONCE), (sending) => void work.push(sending));
  const accept: IngestRequests["accept"] = async (request) => {
    const accepted = await desk.accept(request);
    await Promise.all(work.splice(0));
    return accepted;
  };
  env.INGEST_DESK = { getByName: () => ({ accept }) } as unknown as Env["INGEST_DESK"];
  return env;
}
