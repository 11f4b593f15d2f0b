import process from "node:process";
import { endCleanly, optionsOrExit } from "../harness/cleanly.ts";
import { archiveUnderKills } from "./history.ts";
import { readOptions, USAGE } from "./options.ts";
import { Chaos } from "./rounds.ts";

endCleanly();

const say = (line: string) => console.error(line);

const options = optionsOrExit(readOptions, USAGE);
const load =
  options.history > 0 ? `${options.history} tasks to archive` : `${options.orders} orders`;
say(`chaos: ${options.rounds} rounds of ${load}, seed ${options.seed}`);
const { result, wrongs } =
  options.history > 0 ? await archiveUnderKills(options, say) : await new Chaos(options, say).run();
wrongs.forEach(say);
console.log(JSON.stringify(result));
process.exit(result.ok ? 0 : 1);
