import { quietMachine } from "./compare.ts";
import type { Progress } from "./progress.ts";
import { brief, ratios } from "./ratios.ts";
import type { Report } from "./report.ts";
import { mapValues } from "./stats.ts";

/**
 * Runs the load under two conditions in turn, each first in every other round, and compares the two
 * of each round, so that whatever else the machine does falls on both. The names are those of the
 * plain condition and of the one looked at; `run` takes one of them.
 */
export async function comparePairs<Name extends string>(
  { rounds }: { rounds: number },
  progress: Progress,
  [plain, other]: readonly [plain: Name, other: Name],
  run: (name: Name) => Promise<Report>,
) {
  const pairs: Record<Name, Report>[] = [];
  for (let round = 0; round < rounds; round++) {
    const pair = {} as Record<Name, Report>;
    for (const name of round % 2 === 0 ? [plain, other] : [other, plain]) {
      progress.show(`round ${round + 1} of ${rounds}: ${name}`);
      await quietMachine();
      pair[name] = await run(name);
      progress.note(`${name}: ${JSON.stringify(brief(pair[name]))}`);
    }
    pairs.push(pair);
  }
  const reports = pairs.flatMap((pair) => Object.values<Report>(pair));
  const of = (name: Name) => pairs.map((pair) => pair[name]);
  return {
    [`${other}_to_${plain}`]: ratios(of(other), of(plain)),
    runs: pairs.map((pair) => mapValues(pair, brief)),
    verified: reports.every(({ verified }) => verified),
    problems: reports.flatMap(({ problems }) => problems).slice(0, 10),
  };
}
