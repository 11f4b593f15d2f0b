import type { TakenNames } from "../shared/taken-names";

export const replayNames: TakenNames = {
  "POST /admin/tasks/:id/replays": ["input", "anyway"],
};
