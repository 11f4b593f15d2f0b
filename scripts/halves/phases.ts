/** A phase says which version does what; phases follow each other on one state. */
import type { Mode, VersionName } from "./contract.ts";

export interface Phase {
  name: string;
  requests: number;
  messages: number;
  objects: VersionName | "of either";
  /** The server is killed before this phase, and a new one started on its state. */
  killed?: true;
  /** What is missing in the schema is applied while orders come in. */
  migrates?: true;
  /** The current version waits for a migration, so nothing need end. */
  waits?: true;
  /**
   * The phase leaves a paused queue, a catalogue that is down, or an export half way to the next.
   */
  leaves?: "pause" | "outage" | "export";
}

const before = { requests: 0, messages: 0, objects: "previous" } as const;
const after = { requests: 1, messages: 1, objects: "current" } as const;
const both = { requests: 0.5, messages: 0.5 };

/** `npm run deploy` deploys so; then it goes back to the version before, and forward again. */
const MIGRATED_FIRST: Phase[] = [
  { name: "the previous version alone", ...before, leaves: "outage" },
  { name: "the previous version on the new schema", ...before, migrates: true, leaves: "pause" },
  { name: "new code, old objects", ...after, objects: "previous", leaves: "outage" },
  { name: "both versions, old objects", ...both, objects: "previous", leaves: "pause" },
  { name: "both versions, objects of either", ...both, objects: "of either" },
  { name: "both versions, new objects", ...both, objects: "current", leaves: "pause" },
  { name: "old code, new objects", ...before, objects: "current", leaves: "export" },
  { name: "the new version alone, after a crash", ...after, killed: true, leaves: "export" },
  { name: "rolled back, after a crash", ...before, killed: true, leaves: "outage" },
  { name: "deployed again", ...after },
];

/** A plain `wrangler deploy` puts new code on the old schema, until somebody migrates. */
const CODE_FIRST: Phase[] = [
  { name: "the previous version alone", ...before, leaves: "outage" },
  { name: "both versions on the old schema", ...both, objects: "of either", waits: true },
  { name: "the new version on the old schema", ...after, waits: true },
  { name: "the new version, migrated under load", ...after, migrates: true },
  { name: "both versions, objects of either", ...both, objects: "of either" },
];

export const DEPLOYMENTS = { "migrated first": MIGRATED_FIRST, "code first": CODE_FIRST };

export function modeOf(phase: Phase, classes: readonly string[], random: () => number): Mode {
  const { requests, messages, objects } = phase;
  const draw = (): VersionName => (random() < 0.5 ? "current" : "previous");
  return {
    requests,
    messages,
    objects: Object.fromEntries(
      classes.map((name) => [name, objects === "of either" ? draw() : objects]),
    ),
  };
}
