import type { TakenNames } from "../shared/taken-names";
import { FAILURE_FILTERS } from "./failure-query";

export const failuresNames: TakenNames = {
  "GET /admin/failures": [...FAILURE_FILTERS, "before"],
  "GET /admin/dead-letters": ["discarded", "cursor", "marked"],
};
