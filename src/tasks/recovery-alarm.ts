import { configOf } from "../config";
import { log } from "../log";

/** One object holds the alarm of the whole deployment. */
export const RECOVERY_NAME = "recovery";

let armedUntil = 0;

/**
 * Makes sure recovery looks soon. Asked at most once per interval by an isolate, as recovery stays
 * awake for an interval after it last found nothing. Never fails the caller: the cron is behind it.
 */
export async function armRecovery(env: Env): Promise<void> {
  const now = Date.now();
  if (now < armedUntil) {
    return;
  }
  try {
    await env.RECOVERY.getByName(RECOVERY_NAME).arm();
    armedUntil = now + configOf(env).recoveryMs;
  } catch (error) {
    log.warn("recovery.arm_failed", { message: String(error) });
  }
}
