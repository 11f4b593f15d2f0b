import { createApp } from "./app";
import { startArchiving } from "./archiving/start";
import { archiveHistory } from "./archiving/task";
import { deleteExpired } from "./auth/queries";
import { ConfigError, configOf } from "./config";
import { keepBallast } from "./db/ballast";
import { closeEnded } from "./live/ended";
import { publishToHub } from "./live/publisher";
import { deleteOldFiles } from "./exports/file";
import { exportOrders } from "./exports/orders";
import { exportTasks } from "./exports/tasks";
import { guarded } from "./db/guarded";
import { ASKED, UNATTENDED } from "./db/retry";
import { log, setLogLevel } from "./log";
import { foldRest } from "./orders/pipeline/fold-customers";
import { moveRegistry } from "./orders/pipeline/registry-move";
import { processOrder } from "./orders/pipeline/task";
import { bulk } from "./tasks/commands/bulk";
import { consume } from "./tasks/running/consumer";
import { consumeDeadLetters } from "./tasks/running/dead-letters";
import { Engine } from "./tasks/model/engine";
import { publishTo } from "./tasks/model/publish";
import { deleteOldNotifications } from "./tasks/reading/notifications";
import { putOffForDays } from "./tasks/running/put-off";
import { isDeadLetterQueue } from "./tasks/model/queues";
import { watchRecovery } from "./tasks/recovery/watch-recovery";

export { LiveHub } from "./live/hub.do";
export { CatalogueDesk } from "./orders/catalogue/desk.do";
export { EmbeddedCatalogue } from "./orders/catalogue/embedded-catalogue";
export { OrderRegistry } from "./orders/pipeline/registry.do";
export { IngestDesk } from "./tasks/accepting/ingest-desk.do";
export { Recovery } from "./tasks/recovery/recovery.do";

const engine = new Engine([processOrder, bulk, exportOrders, exportTasks, archiveHistory]);
const app = createApp(engine);
publishTo(publishToHub);

const NOTIFICATIONS_KEPT_MS = 30 * 86_400_000;

export default {
  fetch: (request: Request, env: Env, ctx: ExecutionContext) =>
    app.fetch(request, guarded(env, ASKED), ctx),

  async queue(batch, env) {
    try {
      setLogLevel(configOf(env).logLevel);
    } catch (error) {
      log.error("config.invalid", { message: error instanceof ConfigError ? error.message : "" });
      // Messages are postponed for days: a bad configuration can process none, and a weekend of it
      // must lose none.
      batch.messages.forEach((message) => putOffForDays(message, Math.random()));
      return;
    }
    if (isDeadLetterQueue(batch.queue)) {
      await consumeDeadLetters(batch, env);
    } else {
      await consume(batch, env, engine);
    }
  },

  async scheduled(_controller, given) {
    const env = guarded(given, UNATTENDED);
    await watchRecovery(env, Date.now());
    await deleteExpired(env.DB, Date.now());
    await deleteOldNotifications(env.DB, Date.now() - NOTIFICATIONS_KEPT_MS);
    await closeEnded(env, Date.now());
    await deleteOldFiles(env.FILES, configOf(env).exportMs, Date.now());
    await foldRest(env.DB);
    await moveRegistry(env);
    await startArchiving(env, Date.now());
    await keepBallast(env);
  },
} satisfies ExportedHandler<Env>;
