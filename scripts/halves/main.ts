import process from "node:process";
import { endCleanly, optionsOrExit } from "../harness/cleanly.ts";
import { readOptions, USAGE } from "./options.ts";
import { DEPLOYMENTS } from "./phases.ts";
import { runDeployment } from "./run.ts";

endCleanly();

const say = (line: string) => console.error(line);

const options = optionsOrExit(readOptions, USAGE);
const { commit, minutes, seed } = options;
const until = Date.now() + minutes * 60_000;
let isRight = true;
let round = 0;
do {
  for (const [deployment, phases] of Object.entries(DEPLOYMENTS)) {
    say(`halves: ${deployment}, after ${commit.slice(0, 7)}, seed ${seed + round}`);
    const changed = { ...options, seed: seed + round };
    const { result, wrongs } = await runDeployment(phases, changed, say);
    wrongs.forEach(say);
    console.log(JSON.stringify({ deployment, ...result }));
    isRight &&= result.ok;
    round += 1;
  }
} while (Date.now() < until);
process.exit(isRight ? 0 : 1);
