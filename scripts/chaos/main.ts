import process from "node:process";
import { endCleanly, optionsOrExit } from "../harness/cleanly.ts";
import { readOptions, USAGE } from "./options.ts";
import { Chaos } from "./rounds.ts";

endCleanly();

const say = (line: string) => console.error(line);

const options = optionsOrExit(readOptions, USAGE);
say(`chaos: ${options.rounds} rounds of ${options.orders} orders, seed ${options.seed}`);
const { result, wrongs } = await new Chaos(options, say).run();
wrongs.forEach(say);
console.log(JSON.stringify(result));
process.exit(result.ok ? 0 : 1);
