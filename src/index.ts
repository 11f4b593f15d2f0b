import { createApp } from "./app";
import { deleteExpired } from "./auth/queries";
import { ConfigError, configOf } from "./config";
import { closeEnded } from "./live/ended";
import { publishToHub } from "./live/publisher";
import { deleteOldFiles } from "./exports/file";
import { exportOrders } from "./exports/orders";
import { exportTasks } from "./exports/tasks";
import { log, setLogLevel } from "./log";
import { foldRest } from "./orders/fold-customers";
import { processOrder } from "./orders/task";
import { bulk } from "./tasks/bulk";
import { consume } from "./tasks/consumer";
import { consumeDeadLetters } from "./tasks/dead-letters";
import { Engine } from "./tasks/engine";
import { publishTo } from "./tasks/publish";
import { deleteOldNotifications } from "./tasks/notifications";
import { isDeadLetterQueue } from "./tasks/queues";
import { watchRecovery } from "./tasks/recover";

export { LiveHub } from "./live/hub.do";
export { CatalogueDesk } from "./orders/catalogue/desk.do";
export { EmbeddedCatalogue } from "./orders/embedded-catalogue";
export { OrderRegistry } from "./orders/registry.do";
export { Recovery } from "./tasks/recovery.do";

const engine = new Engine([processOrder, bulk, exportOrders, exportTasks]);
const app = createApp(engine);
publishTo(publishToHub);

const NOTIFICATIONS_KEPT_MS = 30 * 86_400_000;

/**
 * A message cannot be processed with a bad configuration, and must not be lost for it: its waits grow
 * with it, so that its hundred deliveries last longer than a weekend.
 */
const MISCONFIGURED_WAIT_SECONDS = { step: 60, max: 3600 };

export default {
  fetch: app.fetch,

  async queue(batch, env) {
    try {
      setLogLevel(configOf(env).logLevel);
    } catch (error) {
      log.error("config.invalid", { message: error instanceof ConfigError ? error.message : "" });
      const { step, max } = MISCONFIGURED_WAIT_SECONDS;
      for (const message of batch.messages) {
        message.retry({ delaySeconds: Math.min(step * message.attempts, max) });
      }
      return;
    }
    if (isDeadLetterQueue(batch.queue)) {
      await consumeDeadLetters(batch, env);
    } else {
      await consume(batch, env, engine);
    }
  },

  async scheduled(_controller, env) {
    await watchRecovery(env, Date.now());
    await deleteExpired(env.DB, Date.now());
    await deleteOldNotifications(env.DB, Date.now() - NOTIFICATIONS_KEPT_MS);
    await closeEnded(env, Date.now());
    await deleteOldFiles(env.FILES, configOf(env).exportMs, Date.now());
    await foldRest(env.DB);
  },
} satisfies ExportedHandler<Env>;
