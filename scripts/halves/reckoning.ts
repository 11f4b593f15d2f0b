/** A deployment is reckoned up once everything that was begun has ended. */
import type { Task } from "../harness/rows.ts";
import { judge, type Verdict } from "../harness/verdict.ts";
import type { Seen } from "./contract.ts";
import type { Load } from "./load.ts";
import type { Phase } from "./phases.ts";
import type { Site } from "./site.ts";

export interface Reckoning {
  result: Partial<Omit<Verdict, "wrongs">> & Record<string, unknown> & { ok: boolean };
  /** Each says in words what is wrong. */
  wrongs: string[];
}

export async function reckon(phases: readonly Phase[], site: Site, load: Load): Promise<Reckoning> {
  const { faults, producer, errands } = load;
  faults.calm();
  await load.expectEnds(site, "the end");
  await errands.expectFiles(site.api);
  const tasks = await site.api.tasks();
  const isOrder = ({ id, task_module: of }: Task) =>
    of === "pedidos" && errands.ends.get(id) !== "REVOKED";
  const { wrongs, ...verdict } = judge({
    accepted: load.accepted(),
    tasks: tasks.filter(isOrder),
    pedidos: await site.api.pedidos(),
  });
  wrongs.push(...wrongCounts(await site.collect()));
  wrongs.push(...producer.wrongs, ...errands.judge(new Map(tasks.map((task) => [task.id, task]))));
  if (!phases.some(({ killed }) => killed)) {
    wrongs.push(...crashesOf(tasks));
  }
  await site.stop();
  wrongs.push(...site.wrongs);
  const accepted = producer.accepted().size;
  return {
    result: {
      orders: producer.ordersSent,
      accepted,
      ...verdict,
      ...producer.counts,
      errands: errands.ends.size,
      unmigrated: site.unmigrated,
      served: site.served,
      ok: wrongs.length === 0 && accepted === producer.ordersSent,
    },
    wrongs,
  };
}

/** Says where statistics differ from the tasks, counted anew. */
function wrongCounts(seen: Seen | undefined): string[] {
  const [counted, recounted] = (seen?.counts ?? []).map((rows) => JSON.stringify(rows));
  return counted === recounted ? [] : [`statistics: ${counted}, recounted ${recounted}`];
}

/** Says which tasks lost their worker, in a deployment in which none was killed. */
function crashesOf(tasks: readonly Task[]): string[] {
  const crashed = tasks.filter(({ timeline }) => timeline.some(({ event }) => event === "crashed"));
  return crashed.map(({ id }) => `${id} is said to have lost its worker, and none died`);
}
