import { Hono } from "hono";
import { z } from "zod";
import { can } from "../../caller";
import { configOf } from "../../config";
import type { AppEnv } from "../../http/app-env";
import { AppError } from "../../http/errors";
import { MAX_SCANNED, type Page, parseCursor } from "../../http/paging";
import { isSignedBatch } from "../../orders/batch-link";
import { STAGES, type Stage } from "../../orders/order/order";
import { linkAdmission } from "../../live/holder";
import { makeTicket } from "../../live/tickets";
import type { Engine } from "../../tasks/model/engine";
import { batchProgress } from "../../tasks/reading/batch-progress";
import { factsOf } from "../../tasks/reading/execution";
import { isBatchId } from "../../lib/ids";
import { isRefused } from "../../lib/result";
import { listEverywhere } from "../../tasks/reading/archived";
import type { TaskFacts } from "../../tasks/reading/execution";
import { errorOf } from "../tasks/one/execution-view";
import { PAGE_ROWS } from "../shared/list-query";
import { type BatchOrder, BatchPage } from "./batch";
import type { StageState } from "./stages";
import { formatMoney } from "../shared/format";
import { renderPage } from "../shared/render";
import { type View, viewOf } from "../shared/view";

/**
 * Result parses what an order's task says of the order, and turns the total from decimal text to
 * minor units.
 */
const Result = z.object({
  total_final: z
    .string()
    .regex(/^\d+\.\d\d$/)
    .transform((text) => Number(text.replace(".", ""))),
  moneda: z.string(),
});

/** The page that follows a batch is open to its signed link, and to whoever may read tasks. */
export function batchRoutes(engine: Engine) {
  const routes = new Hono<AppEnv>({ strict: false });

  routes.get("/:batch", async (c) => {
    const batchId = c.req.param("batch");
    const view = viewOf(c);
    const signature = view.url.searchParams.get("k");
    const { caller } = c.var;
    const reads = caller !== null && can(caller, "tasks:read");
    if (!reads && signature === null) {
      const next = encodeURIComponent(view.url.pathname);
      return c.redirect(`/sign-in?next=${next}`, 303);
    }
    if (!reads && !(await isSignedBatch(c.env, batchId, signature ?? ""))) {
      throw new AppError(403, "invalid_link", "This link is not one this site gave out.");
    }
    const progress = isBatchId(batchId) ? await batchProgress(c.env, batchId) : null;
    if (progress === null) {
      throw new AppError(404, "batch_not_found", `There is no batch ${batchId}`);
    }
    const { counted, capped } = progress;
    const total = { count: Math.min(counted, MAX_SCANNED), capped };
    const cursor = parseCursor(view.url.searchParams.get("cursor"));
    const request = { limit: PAGE_ROWS, cursor: isRefused(cursor) ? null : cursor, total };
    const page = await listEverywhere(c.env, { lote: batchId }, request);
    const orders = inOrder(page).map((task) => toBatchOrder(view, factsOf(task, engine)));
    const demo = configOf(c.env).demoEnabled;
    const ticket = reads || !progress.open ? undefined : await linkTicket(c.env, batchId);
    const props = { view, batchId, orders, page, progress, demo, ticket };
    return renderPage(c, <BatchPage {...props} />);
  });

  return routes;
}

async function linkTicket(env: Env, batchId: string): Promise<string> {
  const now = Date.now();
  return (await makeTicket(env, linkAdmission(batchId, now), now)).ticket;
}

/**
 * A batch that fits one page is shown in the order it was sent; a longer one is a list, newest
 * first.
 */
function inOrder<Row>({ rows, next, previous }: Page<Row>): Row[] {
  return next === null && previous === null ? rows.toReversed() : rows;
}

function toBatchOrder(view: View, task: TaskFacts): BatchOrder {
  const result = Result.safeParse(task.result_data).data;
  return {
    taskId: task.task_id,
    orderId: task.pedido_id,
    status: task.status,
    stages: stagesOf(task),
    total: result ? formatMoney(view, result.total_final, result.moneda) : null,
    error: errorOf(task),
  };
}

function stagesOf(task: TaskFacts): Record<Stage, StageState> {
  const passed = new Set(task.timeline.map(({ event }) => event));
  const failedAt = (task.error_detail as { stage?: unknown } | null)?.stage;
  const stateOf = (stage: Stage): StageState => {
    if (task.status === "FAILURE" && stage === failedAt) {
      return "failed";
    }
    if (passed.has(stage)) {
      return "done";
    }
    return task.is_finished ? "skipped" : "open";
  };
  return Object.fromEntries(STAGES.map((stage) => [stage, stateOf(stage)])) as ReturnType<
    typeof stagesOf
  >;
}
