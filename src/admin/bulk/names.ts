import type { TakenNames } from "../shared/taken-names";
import { TASK_FILTERS } from "../tasks/list/task-query";

export const bulkNames: TakenNames = {
  "GET /admin/tasks/bulk/picked": ["action", "id", ...TASK_FILTERS],
  "POST /admin/tasks/bulk/picked": ["action", "id", "reason"],
  "GET /admin/tasks/bulk/matching": ["action", "id", ...TASK_FILTERS],
  "POST /admin/tasks/bulk/matching": ["action", ...TASK_FILTERS, "reason"],
};
