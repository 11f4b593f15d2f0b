import { DurableObject } from "cloudflare:workers";
import { guarded } from "../../db/guarded";
import { ASKED } from "../../db/retry";
import type { Submission } from "./accept";
import { type AcceptedRequest, IngestRequests } from "./ingest-desk";

/** IngestDesk holds only what waits for the transaction under way: see ingest-desk.ts. */
export class IngestDesk extends DurableObject<Env> {
  private desk = new IngestRequests(guarded(this.env, ASKED), (work) => this.ctx.waitUntil(work));

  accept(request: Submission): Promise<AcceptedRequest> {
    return this.desk.accept(request);
  }
}
