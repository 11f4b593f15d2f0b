import { z } from "@hono/zod-openapi";
import type { Engine } from "../model/engine";
import type { Notification } from "./notifications";
import { NOTIFICATION_TYPES } from "../model/notify";

/** NotificationView is a notification as the API shows it. */
export const NotificationView = z
  .object({
    id: z.string(),
    type: z.enum(NOTIFICATION_TYPES),
    title: z.string(),
    message: z.string(),
    details: z
      .looseObject({
        task_name: z.string(),
        template: z.string().nullable(),
        count: z.int(),
        error_code: z.string().nullable().optional(),
        progress_percentage: z.int().optional(),
        current_step: z.string().optional(),
      })
      .openapi({ description: "What a program may want, as it was when it was told" }),
    task_id: z.string().openapi({
      description: "As the task's own; of the latest, if several were folded into one",
    }),
    task_name: z.string(),
    template: z.string().nullable(),
    count: z.int().openapi({ description: "How many were folded into it, itself included" }),
    created_at: z.string(),
    updated_at: z.string(),
    read: z.boolean(),
    is_read: z.boolean().openapi({ description: "The same as `read`" }),
  })
  .openapi("Notification");
export type NotificationView = z.infer<typeof NotificationView>;

const TITLES = {
  info: "Iniciada",
  success: "Exitosa",
  warning: "Aviso",
  error: "Fallida",
  progress: "En progreso",
};

/** Writes a notification's message as a sentence, in the language of the titles. */
function messageOf({ type, message, count }: Notification, what: string): string {
  if (message) {
    return message;
  }
  switch (type) {
    case "info":
      return count > 1 ? `Han empezado ${count}: ${what}.` : `Ha empezado: ${what}.`;
    case "success":
      return count > 1 ? `Han terminado bien ${count}: ${what}.` : `Ha terminado bien: ${what}.`;
    case "error":
      return count > 1 ? `Han fallado ${count}: ${what}.` : `Ha fallado: ${what}.`;
    case "warning":
    case "progress":
      return "";
    default:
      return type satisfies never;
  }
}

/** Makes the view of a notification; `engine` describes its task. */
export function toNotificationView(row: Notification, engine: Engine): NotificationView {
  const { template, task_name, count } = row;
  const what = template ?? engine.find(task_name)?.description ?? task_name;
  const isRead = row.read_at !== null;
  const { external_id = row.task_id, ...told } = (
    row.details ? JSON.parse(row.details) : {}
  ) as Record<string, unknown> & { external_id?: string };
  return {
    id: row.id,
    type: row.type,
    title: `${TITLES[row.type]}: ${what}`,
    message: messageOf(row, what),
    details: { task_name, template, count, ...told },
    task_id: external_id,
    task_name,
    template,
    count,
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
    read: isRead,
    is_read: isRead,
  };
}
