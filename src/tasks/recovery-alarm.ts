import { configOf } from "../config";
import { isRecent } from "../lib/recent";
import { log } from "../log";

/** One object holds the alarm of the whole deployment. */
export const RECOVERY_NAME = "recovery";

let armedAt = 0;

/**
 * Makes sure recovery looks soon. Asked at most once per interval by an isolate, as recovery stays
 * awake for an interval after it last found nothing. Never fails the caller: the cron is behind it.
 */
export async function armRecovery(env: Env): Promise<void> {
  const now = Date.now();
  if (isRecent(armedAt, configOf(env).recoveryMs, now)) {
    return;
  }
  if (await ask(env, (recovery) => recovery.arm())) {
    armedAt = now;
  }
}

/** Has recovery look at once: many tasks became due together. Never fails the caller either. */
export async function lookNow(env: Env): Promise<void> {
  await ask(env, (recovery) => recovery.lookNow());
}

type Recovery = ReturnType<Env["RECOVERY"]["getByName"]>;

async function ask(env: Env, what: (recovery: Recovery) => Promise<void>): Promise<boolean> {
  try {
    await what(env.RECOVERY.getByName(RECOVERY_NAME));
    return true;
  } catch (error) {
    log.warn("recovery.arm_failed", { message: String(error) });
    return false;
  }
}
