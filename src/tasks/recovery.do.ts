/**
 * The object whose alarm drives recovery while work is open. It survives restarts; it holds no
 * state but whether the last look found nothing. After two such looks in a row it rests until the
 * next enqueue arms it (or the cron looks): one look would miss what an isolate enqueued on the
 * strength of an earlier arming.
 */
import { DurableObject } from "cloudflare:workers";
import { configOf } from "../config";
import { log } from "../log";
import { recover } from "./recover";

const QUIET = "quiet";

export class Recovery extends DurableObject<Env> {
  async arm(): Promise<void> {
    this.ctx.storage.kv.delete(QUIET);
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.schedule();
    }
  }

  override async alarm(): Promise<void> {
    let open = true;
    try {
      ({ open } = await recover(this.env, Date.now()));
    } catch (error) {
      log.error("recovery.failed", { message: String(error) });
    } finally {
      // Set here, not thrown out: the platform drops an alarm that failed six times.
      const wasQuiet = this.ctx.storage.kv.get(QUIET) === true;
      if (open || !wasQuiet) {
        await this.schedule();
      }
      this.ctx.storage.kv.put(QUIET, !open);
    }
  }

  private async schedule(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + configOf(this.env).recoveryMs);
  }
}
