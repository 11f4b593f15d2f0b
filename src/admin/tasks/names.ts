import type { TakenNames } from "../shared/taken-names";
import { TASK_FILTERS } from "./list/task-query";

export const tasksNames: TakenNames = {
  "GET /admin/tasks": [...TASK_FILTERS, "cursor", "marked"],
  "POST /admin/tasks/look": ["back", "density", "column", "reset"],
  "POST /admin/tasks/exports": TASK_FILTERS,
  "GET /admin/tasks/:id": ["done"],
  "POST /admin/tasks/:id/discards": ["reason"],
};
