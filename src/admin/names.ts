import { auditNames } from "./audit/names";
import { bulkNames } from "./bulk/names";
import { dashboardNames } from "./dashboard/names";
import { failuresNames } from "./failures/names";
import { keysNames } from "./keys/names";
import { notificationsNames } from "./notifications/names";
import { ordersNames } from "./orders/names";
import { peopleNames } from "./people/names";
import { queuesNames } from "./queues/names";
import { replayNames } from "./replay/names";
import { runsNames } from "./runs/names";
import { siteNames } from "./site/names";
import { tasksNames } from "./tasks/names";
import type { TakenNames } from "./shared/taken-names";

/**
 * NAMES lists the names that each page's address and form may use, including the site's open pages.
 */
export const NAMES: TakenNames = {
  ...auditNames,
  ...bulkNames,
  ...dashboardNames,
  ...failuresNames,
  ...keysNames,
  ...notificationsNames,
  ...ordersNames,
  ...peopleNames,
  ...queuesNames,
  ...replayNames,
  ...runsNames,
  ...siteNames,
  ...tasksNames,
};
