import { Hono } from "hono";
import { actingOf } from "../../../audit/audit";
import { startTaskExport } from "../../../exports/start";
import type { AppEnv } from "../../../http/app-env";
import { limitBody } from "../../../http/body-limit";
import { AppError } from "../../../http/errors";
import { readFields } from "../../shared/form-text";
import { onlySet, readTaskQuery } from "./task-query";

/**
 * Exports of a filter's tasks are mounted at /admin/tasks/exports, for whoever may see the list.
 */
export const taskExportPages = new Hono<AppEnv>({ strict: false });

taskExportPages.post("/", limitBody(), async (c) => {
  const { typed, filter, problems } = readTaskQuery(await readFields(c));
  const [problem] = Object.keys(problems);
  if (problem !== undefined) {
    // The list's own form sends nothing unreadable, so this form was made up.
    const detail = `${problem}: not one of the list's`;
    throw new AppError(400, "invalid_parameter", detail, { parameter: problem });
  }
  const id = await startTaskExport(actingOf(c), { formato: "csv", filter }, onlySet(typed));
  return c.redirect(`/admin/tasks/${id}`, 303);
});
