// This runs the harness's catalogue in a process of its own, so that its work counts neither as the
// server's nor as the sender's. It prints its address once it listens, and ends with its parent.
import { parseArgs } from "node:util";
import { startCatalogue } from "../scripts/harness/catalogue.ts";
import { seededRandom } from "../test/support/random.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string" }, // ignored: the catalogues of peers take one
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
process.on("SIGINT", () => undefined); // its parent answers Ctrl-C
