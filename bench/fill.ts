/**
 * This makes a local database as large as asked, to see whether the product stays as fast on it.
 */
import path from "node:path";
import process from "node:process";
import { optionsOrExit } from "../scripts/harness/cleanly.ts";
import { readNumberFlags } from "../scripts/harness/number-flags.ts";
import { captureTool, fail, root } from "../scripts/lib/tools.mjs";
import { fillStatements } from "./fill-sql.ts";
import { startProgress } from "./progress.ts";
import { openDatabase } from "./watch.ts";

const USAGE = `npm run bench -- fill [options]

  Fills the local database of a state folder that holds no task yet with a month of history, while
  no server runs on it.

  --tasks N         tasks (1000000)
  --orders N        processed orders (1000000)
  --open N          of the tasks, those that wait for tomorrow (20)
  --persist-to DIR  the state's folder, as npm start takes it (.wrangler/state)`;

const MOST = 99_999_999;
const NUMBERS = {
  tasks: { default: 1_000_000, min: 0, max: MOST, whole: true },
  orders: { default: 1_000_000, min: 0, max: MOST, whole: true },
  open: { default: 20, min: 0, max: MOST, whole: true },
} as const;

const { tasks, orders, open, folder } = optionsOrExit(readOptions, USAGE);
await migrate();
const database = openDatabase(folder, { readOnly: false });
if (count("tasks") > 0) {
  fail(`The database in ${folder} already holds tasks: name a new folder.`);
}
const progress = startProgress(process.stderr);
try {
  fill();
} finally {
  progress.stop();
}
console.log(JSON.stringify({ tasks: count("tasks"), orders: count("orders"), folder }));
database.close();

function readOptions(argv: string[]) {
  const { numbers, flags } = readNumberFlags(argv, NUMBERS, {
    "persist-to": "value",
    help: "switch",
  });
  const { "persist-to": folder = path.join(root, ".wrangler", "state"), help } = flags;
  const open = Math.min(numbers.tasks, numbers.open);
  return help ? "help" : { ...numbers, open, folder: path.resolve(folder) };
}

async function migrate(): Promise<void> {
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", folder];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
  const { code, stdout, stderr } = await captureTool("wrangler", args, { env });
  if (code !== 0) {
    fail(`${stdout}${stderr}\nThe local database in ${folder} could not be migrated.`);
  }
}

/**
 * Runs each statement without waiting for the disk, since a fill that was cut short is done anew.
 */
function fill(): void {
  database.exec("PRAGMA cache_size = -200000; PRAGMA synchronous = OFF");
  const filling = { tasks, orders, open, now: Date.now() };
  for (const { label, done, total, sql } of fillStatements(filling)) {
    progress.show(label, done, total);
    database.exec(sql);
  }
  progress.show("writing to the disk");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

function count(table: string): number {
  return Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
}
