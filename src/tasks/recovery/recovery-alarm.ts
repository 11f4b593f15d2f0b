import { configOf } from "../../config";
import { isRecent } from "../../lib/recent";
import { log } from "../../log";
import { objectOf } from "../../object-of";
import type { Recovery } from "./recovery.do";

export const RECOVERY_NAME = "recovery";

/** Returns the one object that holds the alarm of the whole deployment. */
export function recoveryOf(env: Env): DurableObjectStub<Recovery> {
  return objectOf(env, env.RECOVERY, RECOVERY_NAME);
}

let armedAt = 0;

/**
 * Makes sure that recovery looks soon. An isolate asks at most once per interval, as recovery stays
 * awake for an interval after it last found nothing. Never rejects: the cron looks if this failed.
 */
export async function armRecovery(env: Env, now = Date.now()): Promise<void> {
  if (isRecent(armedAt, configOf(env).recoveryMs, now)) {
    return;
  }
  if (await ask(env, (recovery) => recovery.arm())) {
    armedAt = now;
  }
}

/** Has recovery look at once, as many tasks became due together. Never rejects. */
export async function lookNow(env: Env): Promise<void> {
  await ask(env, (recovery) => recovery.lookNow());
}

async function ask(
  env: Env,
  what: (recovery: DurableObjectStub<Recovery>) => Promise<void>,
): Promise<boolean> {
  try {
    await what(recoveryOf(env));
    return true;
  } catch (error) {
    log.warn("recovery.arm_failed", { message: String(error) });
    return false;
  }
}
