import type { TakenNames } from "../shared/taken-names";

export const runsNames: TakenNames = {
  "GET /admin/run": ["saved"],
  "GET /admin/run/templates": ["task"],
};
