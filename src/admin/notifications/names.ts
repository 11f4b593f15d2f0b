import type { TakenNames } from "../shared/taken-names";

export const notificationsNames: TakenNames = {
  "GET /admin/notifications": ["cursor"],
  "POST /admin/notifications/read": ["id", "all", "then"],
};
