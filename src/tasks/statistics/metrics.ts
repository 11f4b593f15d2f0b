import { configOf } from "../../config";
import { listBacklogs } from "./backlog";
import { DURATION_EDGES_MS } from "../model/counts";
import type { Engine } from "../model/engine";
import { lookAtOpen, MAX_LOOKED } from "./open-work";
import { byName, endsOf, type NamedCounts, readCounts } from "./stats";

type Labels = Record<string, string>;
type Sample = [suffix: string, labels: Labels, value: number];

/** Writes the state of the whole system in the text format of Prometheus (version 0.0.4). */
export async function metricsText(env: Env, engine: Engine, now = Date.now()): Promise<string> {
  const [counts, open] = await Promise.all([readCounts(env.DB), lookAtOpen(env, engine)]);
  const named = byName(counts);
  const backlogs = await listBacklogs(env, open, now);
  const workers = open.leases.filter(({ expiresAt }) => expiresAt > now);
  const ofQueues = (value: (backlog: (typeof backlogs)[number]) => number): Sample[] =>
    backlogs.map((backlog) => ["", { queue: backlog.queue }, value(backlog)]);
  return [
    metric("tasks_accepted_total", "counter", "Tasks accepted", accepted(named)),
    metric("tasks_ended_total", "counter", "Ends of tasks, one for each time", ended(named)),
    metric("tasks", "gauge", "Tasks by the final state they are in", inStates(named)),
    metric(
      "task_duration_seconds",
      "histogram",
      "From the first start of a task to its success",
      durations(named),
    ),
    metric(
      "queue_due_tasks",
      "gauge",
      `Tasks that could run now, of the first ${MAX_LOOKED} that wait`,
      ofQueues(({ due }) => due),
    ),
    metric(
      "queue_oldest_age_seconds",
      "gauge",
      "For how long the task longest due could have run",
      ofQueues(({ oldestMs }) => (oldestMs ?? 0) / 1000),
    ),
    metric(
      "queue_paused",
      "gauge",
      "1 while the queue is paused",
      ofQueues(({ pause }) => (pause === null ? 0 : 1)),
    ),
    metric("database_bytes", "gauge", "Size of the database", [["", {}, open.bytes]]),
    metric("database_limit_bytes", "gauge", "As DATABASE_MAX_GB says", [
      ["", {}, configOf(env).databaseMaxBytes],
    ]),
    metric("workers", "gauge", "Consumers at work", [["", {}, workers.length]]),
  ].join("");
}

function metric(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const full = `pedidos_${name}`;
  const lines = samples.map(
    ([suffix, labels, value]) => `${full}${suffix}${labelText(labels)} ${value}\n`,
  );
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function accepted(named: readonly NamedCounts[]): Sample[] {
  return named.map(({ name, module, counts }) => ["", { name, module }, counts.created]);
}

function ended(named: readonly NamedCounts[]): Sample[] {
  return named.flatMap(({ name, module, counts }) =>
    (["success", "failure", "revoked"] as const).map((state): Sample => [
      "",
      { name, module, state },
      counts[state],
    ]),
  );
}

function inStates(named: readonly NamedCounts[]): Sample[] {
  return named.flatMap(({ name, module, counts }) =>
    Object.entries(endsOf(counts)).map(([state, count]): Sample => [
      "",
      { name, module, state },
      count,
    ]),
  );
}

function durations(named: readonly NamedCounts[]): Sample[] {
  return named.flatMap(({ name, module, counts }) => [
    ...DURATION_EDGES_MS.map((edge, k): Sample => [
      "_bucket",
      { name, module, le: String(edge / 1000) },
      counts[`d${k}`] ?? 0,
    ]),
    ["_bucket", { name, module, le: "+Inf" }, counts.success],
    ["_sum", { name, module }, counts.duration_ms / 1000],
    ["_count", { name, module }, counts.success],
  ]);
}
