/**
 * With --history a run has a state with a month of tasks, all but a day of which is due for the
 * archive. Servers that archive it are killed at random moments, until a last one ends the work in
 * peace. Then every task and order must be shown once, with what it had, whether it is in D1 or in
 * the archive.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "../../bench/watch.ts";
import { seededRandom } from "../../test/support/random.ts";
import { Api } from "../harness/api.ts";
import { temporaryFolder } from "../harness/folders.ts";
import { IMPATIENT } from "../harness/impatient.ts";
import type { Pedido, Task } from "../harness/rows.ts";
import { startServer } from "../harness/server.ts";
import { captureScript } from "../lib/tools.mjs";
import type { Options } from "./options.ts";

const VARS = { ...IMPATIENT, HISTORY_DAYS: "1", CATALOGUE_URL: "embedded" };
/** A server is killed within this time of the cron's look, which starts the archiving. */
const KILL_WITHIN_MS = 2500;
const LOOK_MS = 500;
/** This share of the filled tasks stored an order. */
const SUCCEED = 0.8;
const DUE = `
SELECT count(*) AS n FROM tasks WHERE name <> 'system.archive' AND created_at < ?
  AND status IN ('SUCCESS', 'FAILURE', 'REVOKED')`;
const AT_WORK = `
SELECT count(*) AS n FROM tasks WHERE name = 'system.archive' AND status IN ('PENDING', 'RETRY')`;

export async function archiveUnderKills(options: Options, say: (line: string) => void) {
  const startedAt = Date.now();
  const random = seededRandom(options.seed);
  const persistTo = temporaryFolder("state ");
  await fill(options.history, persistTo);
  const database = openDatabase(persistTo);
  const count = (sql: string, ...values: number[]) =>
    Number(database.prepare(sql).get(...values)?.["n"]);
  const tasks = new Map(rows(database, "SELECT id, status FROM tasks"));
  const orders = new Map(rows(database, "SELECT task_id, total FROM orders"));
  let [key, killsAtWork] = ["", 0];
  for (let round = 1; round <= options.rounds; round++) {
    const server = await startServer({ vars: VARS, persistTo, logs: options.logs });
    key ||= (await Api.signIn(server.url, server.admin)).key;
    await look(server.url);
    const killAfterMs = Math.floor(random() * KILL_WITHIN_MS);
    await sleep(killAfterMs);
    await server.kill();
    killsAtWork += count(AT_WORK) > 0 ? 1 : 0;
    say(
      `round ${round} of ${options.rounds}: killed after ${killAfterMs} ms; ${due()} tasks are due`,
    );
  }
  const server = await startServer({ vars: VARS, persistTo, logs: options.logs });
  const until = Date.now() + options.patience * 1000;
  while ((due() > 0 || count(AT_WORK) > 0) && Date.now() < until) {
    await look(server.url);
    await sleep(LOOK_MS);
  }
  const api = new Api(server.url, key);
  const shown = (await api.tasks()).filter(({ id }) => tasks.has(id));
  const stored = await api.pedidos();
  const wrongs = [
    ...wrongsOf(
      "task",
      tasks,
      shown.map(({ id, status }: Task) => [id, status]),
    ),
    ...wrongsOf(
      "order",
      orders,
      stored.map(({ task_id, total_final }: Pedido) => [task_id, minor(total_final)]),
    ),
  ];
  const left = { due: due(), stuck: count(AT_WORK) };
  const kept = count("SELECT count(*) AS n FROM tasks WHERE name <> 'system.archive'");
  const { generations, copies } = manifest(database);
  database.close();
  await server.stop();
  const result = {
    rounds: options.rounds,
    seed: options.seed,
    tasks: tasks.size,
    orders: orders.size,
    killsAtWork,
    archived: tasks.size - kept,
    generations,
    copies,
    ...left,
    wrong: wrongs.length,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    ok: wrongs.length === 0 && left.due === 0 && left.stuck === 0,
  };
  return { result, wrongs };

  function due(): number {
    return count(DUE, Date.now() - 2 * 86_400_000);
  }
}

async function fill(tasks: number, persistTo: string): Promise<void> {
  const args = [
    "fill",
    "--tasks",
    String(tasks),
    "--orders",
    String(Math.floor(tasks * SUCCEED)),
    "--open",
    "0",
  ];
  const { code, stderr } = await captureScript("bench.mjs", [...args, "--persist-to", persistTo]);
  if (code !== 0) {
    throw new Error(`The state was not filled: ${stderr}`);
  }
}

/** Makes the cron look, as it does every five minutes. */
async function look(url: string): Promise<void> {
  await (await fetch(`${url}/cdn-cgi/local/scheduled`)).text();
}

type Database = ReturnType<typeof openDatabase>;

function rows(database: Database, sql: string): [string, string][] {
  return database
    .prepare(sql)
    .all()
    .map((row) => {
      const [id, value] = Object.values(row);
      return [String(id), String(value)];
    });
}

function manifest(database: Database): { generations: number; copies: number } {
  const sql = `
    SELECT count(*) AS generations, sum(records) AS copies FROM archive_generations
    WHERE proven_at IS NOT NULL`;
  const { generations, copies } = database.prepare(sql).get() ?? {};
  return { generations: Number(generations), copies: Number(copies) };
}

function minor(decimal: string): string {
  return decimal.replace(".", "");
}

/** Returns a line for each id that is missing, is shown twice, or is shown as something else. */
function wrongsOf(
  what: string,
  expected: ReadonlyMap<string, string>,
  shown: readonly (readonly [id: string, value: string])[],
): string[] {
  const seen = new Map<string, number>();
  const wrongs: string[] = [];
  for (const [id, value] of shown) {
    seen.set(id, (seen.get(id) ?? 0) + 1);
    if (expected.has(id) && expected.get(id) !== value) {
      wrongs.push(`${what} ${id} is ${value}, not ${expected.get(id)}`);
    }
  }
  for (const id of expected.keys()) {
    if (seen.get(id) !== 1) {
      wrongs.push(`${what} ${id} is shown ${seen.get(id) ?? 0} times`);
    }
  }
  return wrongs;
}
