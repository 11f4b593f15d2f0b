import type { TakenNames } from "../shared/taken-names";

export const queuesNames: TakenNames = {
  "GET /admin/queues": ["paused", "resumed"],
  "POST /admin/queues/:queue/pauses": ["reason"],
};
