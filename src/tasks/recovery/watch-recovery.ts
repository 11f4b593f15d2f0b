import { deleteExpiredKeys } from "./expired-keys";
import { hasOpenWork } from "./recover";
import { armRecovery } from "./recovery-alarm";

/**
 * Looks from the cron: arms recovery if work is open, as the alarm may be lost, and deletes expired
 * keys, as these expire a day after their work, when the alarm may rest.
 */
export async function watchRecovery(env: Env, now: number): Promise<void> {
  const hasExpired = await deleteExpiredKeys(env.DB, now);
  if (hasExpired || (await hasOpenWork(env.DB))) {
    await armRecovery(env);
  }
}
