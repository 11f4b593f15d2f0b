import type { TakenNames } from "../shared/taken-names";
import { ORDER_FILTERS } from "./order-query";

export const ordersNames: TakenNames = {
  "GET /admin/orders": [...ORDER_FILTERS, "cursor", "deleted"],
  "POST /admin/orders/exports": ["customer", "from", "to", "zone", "format"],
  "POST /admin/orders/:id/deletion": ["reason"],
};
