// The harness's catalogue, in a process of its own: its work is neither the server's nor the sender's.
// It prints its address when it listens, and ends with whoever started it.
import { parseArgs } from "node:util";
import { startCatalogue } from "../scripts/harness/catalogue.ts";
import { seededRandom } from "../test/support/random.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string" }, // any: peers' take it
    latency: { type: "string", default: "0" },
    "fail-rate": { type: "string", default: "0" },
  },
});
const failRate = Number(values["fail-rate"]);
const random = seededRandom(1);

const catalogue = await startCatalogue(Number(values.latency), ({ response }) => {
  const fails = random() < failRate;
  if (fails) {
    response.writeHead(503).end("{}");
  }
  return fails;
});
console.log(`READY ${catalogue.url}`);
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => undefined); // Ctrl-C is its parent's to answer
