import type { TakenNames } from "../shared/taken-names";

export const dashboardNames: TakenNames = {
  "GET /admin": ["range"],
  "GET /admin/modules/:module": ["range"],
};
