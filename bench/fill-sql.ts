/**
 * This SQL fills a migrated database with a month of history, as the product would have stored it.
 * Tasks have all states, names, users and errors, in batches spread over 30 days. Each order task that
 * succeeded has its order; older orders, whose tasks have left the database, make up the number asked
 * for. Statistics equal a recount.
 */
const DAY_MS = 86_400_000;
const DAYS = 30;
/** A lote has so many tasks: more than a list looks at. */
const LOTE = 2000;
/** A statement writes at most so many rows. */
const CHUNK = 20_000;
const EDGES_MS = Array.from({ length: 17 }, (_, k) => 8 * 2 ** k);

export interface Filling {
  tasks: number;
  orders: number;
  /** So many of the newest tasks have not ended. */
  open?: number;
  now: number;
  /** Those may run from this time on, by default in a day. */
  readyAt?: number;
}

interface Step {
  label: string;
  done: number;
  total: number;
  sql: string;
}

interface Month {
  tasks: number;
  orders: number;
  open: number;
  readyAt: number;
  start: number;
}

type Range = Record<"from" | "to", number>;

/** Yields statements to run in order; all that is put into their text are whole numbers. */
export function* fillStatements(filling: Filling): Generator<Step> {
  const { tasks, orders, open = 20, now, readyAt = now + DAY_MS } = filling;
  const month = { tasks, orders, open, readyAt, start: now - DAYS * DAY_MS };
  for (let from = 0; from < tasks; from += CHUNK) {
    const to = Math.min(tasks, from + CHUNK);
    yield { label: "tasks", done: to, total: tasks, sql: tasksSql({ ...month, from, to }) };
  }
  yield { label: "orders of these tasks", done: 0, total: 0, sql: ordersSql(month) };
  const older = Math.max(0, orders - succeeded(tasks - open));
  for (let from = 0; from < older; from += CHUNK) {
    const to = Math.min(older, from + CHUNK);
    const sql = olderOrdersSql({ ...month, from, to, older });
    yield { label: "older orders", done: to, total: older, sql };
  }
  yield { label: "statistics", done: 0, total: 0, sql: "DELETE FROM task_counts" };
  yield { label: "statistics", done: 0, total: 0, sql: countsSql() };
  yield { label: "notifications", done: 0, total: 0, sql: notificationsSql(month) };
  yield { label: "audit log", done: 0, total: 0, sql: auditSql(month) };
}

const numbers = (from: number, to: number) =>
  `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${to})`;

/** Makes an id as ids.ts does: milliseconds, version, bits that tell lotes apart, sequence. */
const idAt = (at: string, lote: string, sequence: string) =>
  `printf('%08x-%04x-7%03x-8%03x-%08x%04x', ${at} >> 16, ${at} & 65535, ${lote} & 4095,
    (${lote} >> 12) & 4095, (${lote} * 2654435761) & 4294967295, ${sequence})`;

/** Makes a number from 0 up to `below` that looks random and is the same for the same `i`. */
const drawn = (i: string, salt: number, below: number) =>
  `((((${i} + ${salt}) * 2654435761) >> 7) % ${below})`;

/**
 * Of 100 tasks 80 are orders that succeed, 8 such that fail, 2 cancelled ones, and 10 of other
 * modules.
 */
function tasksSql({ tasks, open, readyAt, start, from, to }: Month & Range): string {
  const every = Math.floor((DAYS * DAY_MS) / Math.ceil(tasks / LOTE));
  return `${numbers(from, to)},
  laid AS (
    SELECT i, i / ${LOTE} AS lote, i % ${LOTE} AS sequence, i % 100 AS kind,
      i >= ${tasks - open} AS is_open, ${start} + (i / ${LOTE}) * ${every} AS at,
      20 + ${drawn("i", 1, 300)} * ${drawn("i", 2, 40)} AS took
    FROM n),
  shaped AS (
    SELECT *,
      CASE WHEN is_open THEN iif(i % 3 = 0, 'RETRY', 'PENDING') WHEN kind IN (88, 89) THEN 'REVOKED'
        WHEN kind BETWEEN 80 AND 87 OR kind = 99 THEN 'FAILURE' ELSE 'SUCCESS' END AS state,
      CASE WHEN kind < 90 THEN 'pedidos.procesar' WHEN kind < 94 THEN 'system.bulk'
        WHEN kind < 99 THEN 'reports.daily' ELSE 'reports.yearly' END AS name
    FROM laid)
INSERT INTO tasks (id, name, module, queue, status, subject, user, input, attempts, max_attempts,
  ready_at, sent_at, check_at, created_at, started_at, finished_at, worker, result, error_code,
  error_message, error_detail, timeline)
SELECT ${idAt("at", "lote", "sequence")}, name, substr(name, 1, instr(name, '.') - 1),
  iif(kind < 90, 'orders', 'tasks'), state, iif(kind < 90, printf('fill-%08d', i), NULL),
  iif(i % 20 = 0, 'user:fill-' || (i / 20 % 50), 'key:fill-' || (lote % 10)),
  json_object('id', printf('fill-%08d', i), 'cliente', ${customer("i")}, 'productos',
    json_array(json_object('sku', '' || (1 + i % 20), 'cantidad', 1 + i % 5))),
  iif(is_open, i % 3 = 0, 1), 3, iif(is_open, ${readyAt}, at), iif(is_open, NULL, at),
  iif(is_open, ${readyAt}, at + 30000), at,
  iif(is_open, NULL, at + 5), iif(is_open, NULL, at + 5 + took), 'fill-' || (i % 7),
  iif(state = 'SUCCESS', json_object('total_final', printf('%d.50', 10 + i % 900), 'moneda', 'USD'), NULL),
  CASE WHEN state <> 'FAILURE' THEN NULL WHEN i % 3 = 0 THEN 'unknown_sku' WHEN i % 3 = 1 THEN 'empty_order'
    ELSE 'catalogue_failed' END,
  CASE WHEN state <> 'FAILURE' THEN NULL WHEN i % 3 = 0 THEN 'There is no product ' || (1000 + i % 500)
    WHEN i % 3 = 1 THEN 'productos: an order has at least one line' ELSE 'The catalogue answered 503' END,
  iif(state = 'FAILURE', json_object('stage', iif(i % 3 = 1, 'validate', 'enrich')), NULL),
  iif(is_open, NULL, json_array(json_object('at', at + 5, 'event', 'started', 'worker', 'fill-' || (i % 7)),
    json_object('at', at + 6, 'event', 'validate'), json_object('at', at + 5 + took, 'event', 'persist')))
FROM shaped`;
}

/** One customer has a fifth of all orders, 2,000 share most of the rest, a few have one each. */
function customer(i: string): string {
  return `CASE WHEN ${i} % 5 = 0 THEN 'ACME Corp' WHEN ${i} % 10007 = 1 THEN 'Único ' || ${i}
    ELSE printf('Cliente %04d', ${drawn(i, 3, 2000)}) END`;
}

const ORDER_COLUMNS = `id, task_id, hash, customer, customer_folded, lines, currency, subtotal,
  discount, total, processed_at`;

const ORDER_VALUES = (i: string) => `printf('%064x', ${i}), ${customer(i)},
  replace(lower(${customer(i)}), 'Ú', 'u'),
  json_array(json_object('sku', '' || (1 + ${i} % 20), 'quantity', 1 + ${i} % 5,
    'title', 'Product ' || (1 + ${i} % 20), 'unitPrice', 1050)),
  'USD', 1050 * (1 + ${i} % 5), 0, 1050 * (1 + ${i} % 5)`;

function ordersSql({ orders }: Month): string {
  return `
INSERT INTO orders (${ORDER_COLUMNS})
SELECT subject, id, ${ORDER_VALUES("i")}, finished_at
FROM (SELECT *, CAST(substr(subject, 6) AS INTEGER) AS i FROM tasks
  WHERE status = 'SUCCESS' AND subject LIKE 'fill-%' LIMIT ${orders})`;
}

/** Counts the order tasks that succeeded among the first `ended` tasks. */
function succeeded(ended: number): number {
  return Math.floor(ended / 100) * 80 + Math.min(ended % 100, 80);
}

function olderOrdersSql({ from, to, start, older }: Month & Range & { older: number }): string {
  const at = `${start} - (${older} - i) * 1000`;
  return `${numbers(from, to)}
INSERT INTO orders (${ORDER_COLUMNS})
SELECT printf('old-%08d', i), ${idAt(`(${at})`, "i", "0")}, ${ORDER_VALUES("i")}, ${at}
FROM n`;
}

/** Counts whole days by the day of each event, as recovery folds them. */
function countsSql(): string {
  const took = "status = 'SUCCESS' AND finished_at - started_at";
  const ends = {
    success: "status = 'SUCCESS'",
    failure: "status = 'FAILURE'",
    revoked: "status = 'REVOKED'",
    ...Object.fromEntries(EDGES_MS.map((edge, k) => [`d${k}`, `${took} <= ${edge}`])),
  };
  const names = Object.keys(ends);
  const counted = Object.values(ends).map((when) => `count(*) FILTER (WHERE ${when})`);
  const day = (at: string) => `${at} - ${at} % ${DAY_MS}`;
  return `
INSERT INTO task_counts (span, bucket, name, module, created, duration_ms, ${names.join(", ")})
SELECT ${DAY_MS}, bucket, name, module, sum(created), sum(duration_ms),
  ${names.map((name) => `sum(${name})`).join(", ")}
FROM (
  SELECT ${day("created_at")} AS bucket, name, module, count(*) AS created, 0 AS duration_ms,
    ${names.map((name) => `0 AS ${name}`).join(", ")}
  FROM tasks GROUP BY 1, name, module
  UNION ALL
  SELECT ${day("finished_at")}, name, module, 0,
    coalesce(sum(finished_at - started_at) FILTER (WHERE status = 'SUCCESS'), 0), ${counted.join(", ")}
  FROM tasks WHERE finished_at IS NOT NULL GROUP BY 1, name, module
) GROUP BY bucket, module, name`;
}

/** There are a fiftieth as many notifications as tasks, and each user has one unread. */
function notificationsSql({ tasks, start }: Month): string {
  const count = Math.ceil(tasks / 50);
  return `${numbers(0, count)}
INSERT INTO notifications (id, user, fold, type, task_id, task_name, template, message, count,
  created_at, updated_at, read_at)
SELECT printf('fill-%08d', i), 'user:fill-' || (i % 5), 'success reports.daily ' || i, 'success', 'fill',
  'reports.daily', NULL, NULL, 1, ${start} + i, ${start} + i, iif(i < 5, NULL, ${start} + i)
FROM n`;
}

function auditSql({ tasks, start }: Month): string {
  const count = Math.ceil(tasks / 50);
  return `${numbers(0, count)}
INSERT INTO audit_log (id, at, actor, action, target, detail)
SELECT ${idAt(`(${start} + i)`, "i", "0")}, ${start} + i, 'user:fill-' || (i % 5),
  iif(i % 10 = 0, 'task.cancel', 'task.retry'), 'fill-' || i, NULL
FROM n`;
}
