import type { TakenNames } from "../shared/taken-names";

export const siteNames: TakenNames = {
  "POST /preferences": ["back", "lang", "theme"],
  "GET /sign-in": ["next", "out"],
  "POST /sign-in": ["next", "email", "password"],
};
