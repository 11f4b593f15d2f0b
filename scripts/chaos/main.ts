import process from "node:process";
import { endCleanly } from "../harness/cleanly.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { Chaos } from "./rounds.ts";

endCleanly();

const say = (line: string) => console.error(line);

let options: Options | "help";
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  say(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exit(2);
}
if (options === "help") {
  console.log(USAGE);
  process.exit(0);
}
say(`chaos: ${options.rounds} rounds of ${options.orders} orders, seed ${options.seed}`);
const { result, wrongs } = await new Chaos(options, say).run();
wrongs.forEach(say);
console.log(JSON.stringify(result));
process.exit(result.ok ? 0 : 1);
