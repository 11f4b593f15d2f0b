import { deleteExpiredKeys } from "./expired-keys";
import { hasOpenWork } from "./recover";
import { armRecovery } from "./recovery-alarm";

/**
 * The cron's look: wakes the alarm if work is open and it was lost. Keys expire a day after the
 * work they came with, when the alarm may be at rest.
 */
export async function watchRecovery(env: Env, now: number): Promise<void> {
  const hasExpired = await deleteExpiredKeys(env.DB, now);
  if (hasExpired || (await hasOpenWork(env.DB))) {
    await armRecovery(env);
  }
}
