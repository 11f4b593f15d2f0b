import type { TakenNames } from "../shared/taken-names";
import { PEOPLE_FILTERS } from "./people-query";

export const peopleNames: TakenNames = {
  "GET /admin/people": [...PEOPLE_FILTERS, "cursor", "removed"],
  "POST /admin/people": ["email", "name", "role", "password"],
  "GET /admin/people/:id": ["done"],
  "POST /admin/people/:id/role": ["role"],
  "POST /admin/people/:id/password": ["newPassword"],
  "POST /admin/people/:id/ban": ["reason", "days"],
  "GET /admin/account": ["done"],
  // The form holds the address for password managers, which store it with the password.
  "POST /admin/account/password": ["username", "currentPassword", "newPassword", "repeated"],
};
