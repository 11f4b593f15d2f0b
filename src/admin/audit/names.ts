import type { TakenNames } from "../shared/taken-names";
import { AUDIT_FILTERS } from "./audit-query";

export const auditNames: TakenNames = {
  "GET /admin/audit": [...AUDIT_FILTERS, "cursor"],
};
