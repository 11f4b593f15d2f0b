import { brief, quietMachine } from "./compare.mjs";
import { median, rounded } from "./stats.mjs";

/**
 * Runs the load on a full and on an empty database in turn, each first in every other round, and
 * compares the two of each round. `run` takes whether it is the full one, and resolves to a report.
 */
export async function compareFull(options, progress, run) {
  const pairs = [];
  for (let round = 0; round < options.rounds; round++) {
    const pair = {};
    for (const which of round % 2 === 0 ? ["empty", "full"] : ["full", "empty"]) {
      progress.show(`round ${round + 1} of ${options.rounds}: ${which}`);
      await quietMachine();
      pair[which] = await run(which === "full");
      progress.note(`${which}: ${JSON.stringify(brief(pair[which]))}`);
    }
    pairs.push(pair);
  }
  return {
    full_to_empty: {
      speed: ratioOf(pairs, "orders_per_s_end_to_end"),
      cpu: ratioOf(pairs, "cpu_s_per_1000_orders"),
    },
    runs: pairs.map(({ full, empty }) => ({ full: brief(full), empty: brief(empty) })),
    verified: pairs.every(({ full, empty }) => full.verified && empty.verified),
    problems: pairs
      .flatMap(({ full, empty }) => [...full.problems, ...empty.problems])
      .slice(0, 10),
  };
}

function ratioOf(pairs, figure) {
  const ratios = pairs.map(({ full, empty }) => full[figure] / empty[figure]);
  return { median: rounded(median(ratios), 2), rounds: ratios.map((ratio) => rounded(ratio, 2)) };
}
