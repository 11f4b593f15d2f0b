import { brief, quietMachine } from "./compare.mjs";
import { median, rounded } from "./stats.mjs";

/**
 * Runs the load under two conditions in turn, each first in every other round, and compares the two
 * of each round, so that whatever else the machine does falls on both. `names` are those of the
 * plain condition and of the one looked at; `run` takes one of them and resolves to a report.
 */
export async function comparePairs(options, progress, names, run) {
  const [plain, other] = names;
  const pairs = [];
  for (let round = 0; round < options.rounds; round++) {
    const pair = {};
    for (const name of round % 2 === 0 ? [plain, other] : [other, plain]) {
      progress.show(`round ${round + 1} of ${options.rounds}: ${name}`);
      await quietMachine();
      pair[name] = await run(name);
      progress.note(`${name}: ${JSON.stringify(brief(pair[name]))}`);
    }
    pairs.push(pair);
  }
  const reports = pairs.flatMap((pair) => Object.values(pair));
  const ratioOf = (figure) => {
    const ratios = pairs.map((pair) => pair[other][figure] / pair[plain][figure]);
    return { median: rounded(median(ratios), 2), rounds: ratios.map((each) => rounded(each, 2)) };
  };
  return {
    [`${other}_to_${plain}`]: {
      speed: ratioOf("orders_per_s_end_to_end"),
      cpu: ratioOf("cpu_s_per_1000_orders"),
    },
    runs: pairs.map((pair) => ({ [plain]: brief(pair[plain]), [other]: brief(pair[other]) })),
    verified: reports.every(({ verified }) => verified),
    problems: reports.flatMap(({ problems }) => problems).slice(0, 10),
  };
}
