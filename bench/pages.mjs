// node bench/pages.mjs [--state DIR]: how soon the console's pages answer, and what they weigh.
import path from "node:path";
import { gzipSync } from "node:zlib";
import { orFail, readOnlyFlags } from "../scripts/lib/flags.mjs";
import { ensureInstalled } from "../scripts/lib/install.mjs";
import { makeOrders } from "./orders.mjs";
import { startSite } from "./site.mjs";
import { median, rounded } from "./stats.mjs";

const PATHS = `/admin/ /admin/tasks /admin/tasks?status=PENDING /admin/orders /admin/orders?q=ACME
  /admin/failures /admin/queues /admin/modules/pedidos /admin/run /admin/dead-letters
  /admin/notifications /admin/people /admin/keys /admin/audit`.split(/\s+/u);
const VISITS = 9;

const { state } = orFail(() => readOnlyFlags(process.argv.slice(2), { state: "value" }));
await ensureInstalled();
/** On a copy of a state that bench/fill.mjs filled, or on a fresh one with ten orders. */
const site = await startSite({ state: state && path.resolve(state) });
try {
  if (!state) {
    await site.client.postOrders(makeOrders({ count: 10, seed: 1, invalid: 0.2 }));
  }
  const cookie = await site.signIn();
  for (const page of PATHS) {
    console.log(JSON.stringify(await measure(new URL(page, site.client.url), cookie)));
  }
} finally {
  await site.stop();
}

async function measure(url, cookie) {
  const times = [];
  let text = "";
  for (let visit = 0; visit <= VISITS; visit++) {
    const start = performance.now();
    const response = await fetch(url, { headers: { cookie, accept: "text/html" } });
    times.push(performance.now() - start); // resolves with the head of the answer
    text = await response.text();
    if (response.status !== 200) {
      throw new Error(`${url.pathname} answered ${response.status}`);
    }
  }
  const assets = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/gu)].map(([, found]) => found);
  let bytes = gzipSync(text).length;
  for (const asset of new Set(assets)) {
    bytes += gzipSync(await (await fetch(new URL(asset, url))).text()).length;
  }
  const path = url.pathname + url.search;
  // The first visit warms up.
  return { path, first_byte_ms: rounded(median(times.slice(1)), 1), gzipped_bytes: bytes };
}
