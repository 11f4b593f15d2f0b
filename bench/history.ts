/** This measures how fast history leaves D1, and how soon it is found again. */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "../scripts/harness/api.ts";
import { endCleanly, optionsOrExit } from "../scripts/harness/cleanly.ts";
import { temporaryFolder } from "../scripts/harness/folders.ts";
import { readNumberFlags } from "../scripts/harness/number-flags.ts";
import { seededRandom } from "../test/support/random.ts";
import { captureScript, fail } from "../scripts/lib/tools.mjs";
import { startProgress } from "./progress.ts";
import { onSite } from "./site.ts";
import { latencies, rounded } from "./stats.ts";
import { openDatabase } from "./watch.ts";

const USAGE = `npm run bench -- history [options]

  Fills a state with a month of tasks, four fifths of them with their orders, has all but two days of
  it archived, and asks for what was archived. Prints one line of JSON.

  --tasks N   (50000)`;

const DAY_MS = 86_400_000;
const LOOK_MS = 1000;
const PATIENCE_MS = 3_600_000;
const ASKED = 100;
const DUE = `
SELECT count(*) AS n FROM tasks WHERE name <> 'system.archive' AND created_at < ?
  AND status IN ('SUCCESS', 'FAILURE', 'REVOKED')`;
const OLD = `
SELECT t.id AS task, o.id AS pedido, o.customer, o.processed_at AS at
FROM orders o JOIN tasks t ON t.id = o.task_id WHERE t.created_at < ? ORDER BY t.id`;

interface Old {
  task: string;
  pedido: string;
  customer: string;
  at: number;
}

endCleanly();

const { tasks } = optionsOrExit((argv) => {
  const rules = { tasks: { default: 50_000, min: 1000, max: 10_000_000, whole: true } } as const;
  const { numbers, flags } = readNumberFlags(argv, rules, { help: "switch" });
  return flags["help"] ? "help" : numbers;
}, USAGE);

const state = temporaryFolder("history ");
const progress = startProgress(process.stderr);
progress.show("filling the database");
const counts = ["--tasks", String(tasks), "--orders", String(Math.floor(tasks * 0.8))];
const filled = await captureScript("bench.mjs", [
  "fill",
  ...counts,
  "--open",
  "0",
  "--persist-to",
  state,
]);
if (filled.code !== 0) {
  fail(filled.stderr);
}
const before = Date.now() - 2 * DAY_MS;
const vars = { HISTORY_DAYS: "1", CATALOGUE_URL: "embedded" };
await onSite({ state, vars }, async ({ server, api }) => {
  const database = openDatabase(server.persistTo);
  const due = () => Number(database.prepare(DUE).get(before)?.["n"]);
  const pages = () => {
    const pragma = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  };
  const old = database.prepare(OLD).all(before) as unknown as Old[];
  const archived = due();
  const bytes = { before: pages(), after: 0 };
  const start = performance.now();
  while (due() > 0) {
    await (await fetch(`${server.url}/cdn-cgi/local/scheduled`)).text();
    await sleep(LOOK_MS);
    progress.show("tasks archived", archived - due(), archived);
    if (performance.now() - start > PATIENCE_MS) {
      throw new Error(`${due()} tasks were not archived in time`);
    }
  }
  const seconds = (performance.now() - start) / 1000;
  bytes.after = pages();
  database.close();
  const found = await askFor(api, old);
  progress.stop();
  const line = { archived, seconds: rounded(seconds, 0), d1_bytes: bytes, latency_ms: found };
  console.log(JSON.stringify(line));
});
process.exit();

async function askFor(api: Api, old: readonly Old[]) {
  const random = seededRandom(1);
  const some = Array.from({ length: ASKED }, () => old[Math.floor(random() * old.length)]);
  const times = async (pathOf: (one: Old) => string) => {
    const ms: number[] = [];
    for (const one of some) {
      if (one) {
        const start = performance.now();
        await api.get(pathOf(one));
        ms.push(performance.now() - start);
      }
    }
    return latencies(ms);
  };
  const dayOf = ({ at }: Old) => new Date(at).toISOString().slice(0, 10);
  return {
    task: await times(({ task }) => `/api/tasks/executions/${task}/`),
    order: await times(({ pedido }) => `/api/pedidos/${encodeURIComponent(pedido)}`),
    tasks_of_a_day: await times(
      (one) => `/api/tasks/executions/?created_after=${dayOf(one)}&created_before=${dayOf(one)}`,
    ),
    orders_of_a_day: await times((one) => `/api/pedidos?desde=${dayOf(one)}&hasta=${dayOf(one)}`),
    orders_of_a_customer: await times(
      ({ customer }) => `/api/pedidos?cliente=${encodeURIComponent(customer)}`,
    ),
  };
}
