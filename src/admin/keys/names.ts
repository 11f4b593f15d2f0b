import type { TakenNames } from "../shared/taken-names";
import { KEY_FILTERS } from "./key-query";

export const keysNames: TakenNames = {
  "GET /admin/keys": [...KEY_FILTERS, "cursor", "done"],
  "POST /admin/keys": ["name", "scopes", "days"],
};
