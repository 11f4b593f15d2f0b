/**
 * Linux's /proc tells the CPU time and memory of a process and all it started; elsewhere they are
 * null.
 */
import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;
const SAMPLE_MS = 250;

export interface Figures {
  cpuSeconds: number;
  rssBytes: number;
  /** CPU seconds by the name of a process. */
  byName: Record<string, number>;
}

interface Process {
  pid: number;
  name: string;
  parent: number;
  cpuSeconds: number;
  rssBytes: number;
}

/** Sums up a tree of processes, children that ended included. */
export function figuresOf(rootPid: number): Figures | null {
  const processes = allProcesses();
  if (!processes) {
    return null;
  }
  const children = Map.groupBy(processes.values(), ({ parent }) => parent);
  const sum: Figures = { cpuSeconds: 0, rssBytes: 0, byName: {} };
  const tree = [rootPid];
  for (const pid of tree) {
    const one = processes.get(pid);
    if (one) {
      sum.cpuSeconds += one.cpuSeconds;
      sum.rssBytes += one.rssBytes;
      sum.byName[one.name] = (sum.byName[one.name] ?? 0) + one.cpuSeconds;
      tree.push(...(children.get(pid) ?? []).map((child) => child.pid));
    }
  }
  return sum;
}

/** Watches a tree's memory until the function it returns is called, which returns the peak. */
export function watchMemory(rootPid: number): () => number | null {
  let peak = figuresOf(rootPid)?.rssBytes ?? null;
  const timer = setInterval(() => {
    peak = peak === null ? null : Math.max(peak, figuresOf(rootPid)?.rssBytes ?? 0);
  }, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

/** Returns the seconds that the whole machine's cores were busy since it started. */
export function machineCpuSeconds(): number | null {
  try {
    const [, ...columns] = readFileSync("/proc/stat", "latin1").split("\n", 1).join().split(/\s+/);
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = columns.map(Number);
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
  } catch {
    return null;
  }
}

function allProcesses(): Map<number, Process> | null {
  try {
    const found = readdirSync("/proc").filter((name) => /^\d+$/u.test(name));
    const processes = found.map((pid) => readProcess(Number(pid))).filter((one) => one !== null);
    return new Map(processes.map((one) => [one.pid, one]));
  } catch {
    return null;
  }
}

function readProcess(pid: number): Process | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const end = text.lastIndexOf(")"); // the name may hold anything, even blanks and brackets
    const fields = text.slice(end + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return {
      pid,
      name: text.slice(text.indexOf("(") + 1, end),
      parent: Number(fields[1]),
      cpuSeconds: ticks / TICKS_PER_SECOND,
      rssBytes: Number(fields[21]) * PAGE_BYTES,
    };
  } catch {
    return null; // it ended meanwhile
  }
}
