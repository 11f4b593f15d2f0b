// npm run bench: how fast the started server is, whether it is right, and what an order costs.
import { ensureInstalled } from "../scripts/lib/install.mjs";
import { stopAll } from "../scripts/lib/processes.mjs";
import { fail } from "../scripts/lib/tools.mjs";
import { startCatalogue } from "./catalogue-process.mjs";
import { measureCounts } from "./counted.mjs";
import { readOptions, USAGE } from "./options.mjs";
import { startProgress } from "./progress.mjs";
import { report } from "./report.mjs";
import { measureTimes } from "./timed.mjs";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, async () => {
    await stopAll();
    process.exit(130);
  });
}

const options = optionsOrFail();
await ensureInstalled();
const progress = startProgress();
const result = await measure(options);
progress.stop();
console.log(JSON.stringify(result));
process.exit(result.verified ? 0 : 1);

function optionsOrFail() {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.help) {
      console.log(USAGE);
      process.exit(0);
    }
    return options;
  } catch (error) {
    return fail(`${error.message}\n\n${USAGE}`);
  }
}

async function measure(options) {
  const catalogue = await startCatalogue(options);
  try {
    const timed = await measureTimes(options, catalogue, progress);
    const counted =
      options.counted > 0 ? await measureCounts(options, catalogue, progress) : undefined;
    return report(options, timed, counted);
  } finally {
    catalogue.stop();
  }
}
