/** Notification settings are `Notify` in the words of the old task manager. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../http/errors";
import type { Notify } from "../model/notify";

const DEFAULT_PERCENT = 25;

export const NotificationSettings = z.strictObject({
  notify_on_start: z.boolean().optional(),
  notify_on_complete: z.boolean().optional(),
  notify_on_error: z.boolean().optional(),
  notify_on_progress: z
    .union([z.boolean(), z.int().min(0).max(100)])
    .optional()
    .openapi({
      description: `Every so many percent; true: every ${DEFAULT_PERCENT}, false or 0: never`,
    }),
});
export type NotificationSettings = z.infer<typeof NotificationSettings>;

/** Merges the old words into the new. Throws 400 where they contradict each other. */
export function mergeNotify(notify: Notify, settings: NotificationSettings): Notify {
  const agreed = <Name extends keyof Notify>(name: Name, said: Notify[Name]): Notify[Name] => {
    const other = notify[name];
    if (said !== undefined && other !== undefined && said !== other) {
      const parameter = `notification_settings.notify_on_${name}`;
      const detail = `${parameter}: notify.${name} says ${other}`;
      throw new AppError(400, "invalid_parameter", detail, { parameter });
    }
    return said ?? other;
  };
  const every = settings.notify_on_progress;
  return {
    start: agreed("start", settings.notify_on_start),
    complete: agreed("complete", settings.notify_on_complete),
    error: agreed("error", settings.notify_on_error),
    // A progress of 0 means never, and is kept so that a `false` that was sent is shown again.
    progress:
      every === true
        ? (notify.progress ?? DEFAULT_PERCENT)
        : agreed("progress", every === false ? 0 : every),
  };
}

/** Returns the same settings in the new words and in the old. */
export function notifyViews({ progress, ...flags }: Notify): {
  notify: Notify;
  notification_settings: NotificationSettings;
} {
  return {
    notify: progress ? { ...flags, progress } : flags,
    notification_settings: {
      notify_on_start: flags.start,
      notify_on_complete: flags.complete,
      notify_on_error: flags.error,
      notify_on_progress: progress === 0 ? false : progress,
    },
  };
}
