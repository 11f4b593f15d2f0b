// node bench/fill.mjs: a local database as large as asked, to see that the product stays as fast.
import path from "node:path";
import { readOnlyFlags } from "../scripts/lib/flags.mjs";
import { ensureInstalled } from "../scripts/lib/install.mjs";
import { captureTool, fail, root } from "../scripts/lib/tools.mjs";
import { fillStatements } from "./fill-sql.mjs";
import { startProgress } from "./progress.mjs";
import { openDatabase } from "./watch.mjs";

const USAGE = `npm run bench:fill -- [options]

  Fills the local database of a state folder that holds no task yet with a month of history, while
  no server runs on it.

  --tasks N         tasks (1000000)
  --orders N        processed orders (1000000)
  --open N          of the tasks, those that wait for tomorrow (20)
  --persist-to DIR  the state's folder, as npm start takes it (.wrangler/state)`;

const options = optionsOrFail();
await ensureInstalled();
const { tasks, orders, open, folder } = options;
await migrate();
const progress = startProgress();
const database = openDatabase(folder, { readOnly: false });
try {
  fill();
} catch (error) {
  progress.stop();
  fail(error.message);
}
progress.stop();
const count = (table) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get().n;
console.log(JSON.stringify({ tasks: count("tasks"), orders: count("orders"), folder }));
database.close();

function optionsOrFail() {
  try {
    const values = {
      tasks: "1000000",
      orders: "1000000",
      open: "20",
      "persist-to": path.join(root, ".wrangler", "state"),
      ...readOnlyFlags(process.argv.slice(2), {
        tasks: "value",
        orders: "value",
        open: "value",
        "persist-to": "value",
        help: "switch",
      }),
    };
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const tasks = whole("tasks", values.tasks);
    const orders = whole("orders", values.orders);
    const open = Math.min(tasks, whole("open", values.open));
    return { tasks, orders, open, folder: path.resolve(values["persist-to"]) };
  } catch (error) {
    return fail(`${error.message}\n\n${USAGE}`);
  }
}

function whole(name, text) {
  if (!/^\d{1,8}$/u.test(text)) {
    throw new Error(`--${name} takes a whole number below 100,000,000, not ${text}`);
  }
  return Number(text);
}

async function migrate() {
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", folder];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
  const { code, stdout, stderr } = await captureTool("wrangler", args, { env });
  if (code !== 0) {
    fail(`${stdout}${stderr}\nThe local database in ${folder} could not be migrated.`);
  }
}

/** A transaction per statement, none of which waits for the disk: a fill cut short is done anew. */
function fill() {
  if (database.prepare("SELECT EXISTS (SELECT 1 FROM tasks) AS used").get().used) {
    throw new Error(`The database in ${folder} already holds tasks: name a new folder.`);
  }
  database.exec("PRAGMA cache_size = -200000; PRAGMA synchronous = OFF");
  for (const { label, done, total, sql } of fillStatements({
    tasks,
    orders,
    open,
    now: Date.now(),
  })) {
    progress.show(label, done, total);
    database.exec(sql);
  }
  progress.show("writing to the disk");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}
