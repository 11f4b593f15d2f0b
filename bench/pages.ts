/** This measures how soon the console's pages answer, and what they weigh. */
import path from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { signIn } from "../scripts/harness/api.ts";
import { endCleanly, optionsOrExit } from "../scripts/harness/cleanly.ts";
import { makeOrders } from "../scripts/harness/orders.ts";
import { readOnlyFlags } from "../scripts/lib/flags.mjs";
import { onSite } from "./site.ts";
import { median, rounded } from "./stats.ts";

const USAGE = `npm run bench -- pages [options]

  Prints a line of JSON for each page of the console.

  --state DIR  on a copy of a state that \`npm run bench -- fill\` filled, in place of a fresh one with ten orders`;

const PATHS = `/admin/ /admin/tasks /admin/tasks?status=PENDING /admin/orders /admin/orders?q=ACME
  /admin/failures /admin/queues /admin/modules/pedidos /admin/run /admin/dead-letters
  /admin/notifications /admin/people /admin/keys /admin/audit`.split(/\s+/);
const VISITS = 9;

endCleanly();

const { state } = optionsOrExit((argv) => {
  const flags = readOnlyFlags(argv, { state: "value", help: "switch" });
  return flags.help ? "help" : { state: flags.state };
}, USAGE);
await onSite({ state: state && path.resolve(state) }, async ({ server, api }) => {
  if (state === undefined) {
    await api.post(makeOrders({ count: 10, seed: 1, invalid: 0.2 }));
  }
  const cookie = await signIn(server.url, server.admin);
  for (const page of PATHS) {
    console.log(JSON.stringify(await measure(new URL(page, server.url), cookie)));
  }
});
process.exit();

async function measure(url: URL, cookie: string) {
  const times: number[] = [];
  let text = "";
  for (let visit = 0; visit <= VISITS; visit++) {
    const start = performance.now();
    const response = await fetch(url, { headers: { cookie, accept: "text/html" } });
    times.push(performance.now() - start); // fetch resolves with the head of the answer
    text = await response.text();
    if (response.status !== 200) {
      throw new Error(`${url.pathname} answered ${response.status}`);
    }
  }
  const assets = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, found]) => found);
  let bytes = gzipSync(text).length;
  for (const asset of new Set(assets)) {
    bytes += gzipSync(await (await fetch(new URL(asset ?? "", url))).text()).length;
  }
  const path = url.pathname + url.search;
  // The first visit warms up.
  return { path, first_byte_ms: rounded(median(times.slice(1)), 1), gzipped_bytes: bytes };
}
