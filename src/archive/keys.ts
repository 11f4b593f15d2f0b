/** Kind is what archived records are of; the root of their objects' keys depends on it. */
export type Kind = "tasks" | "audit";

/** GenerationKey names an object of the archive: the `generation`-th of a UTC day, YYYY-MM-DD. */
export interface GenerationKey {
  kind: Kind;
  day: string;
  generation: number;
}

const ROOTS: Record<Kind, string> = { tasks: "archive/v1/", audit: "archive/audit/v1/" };

/** Keys sort by day, and within a day by generation up to the 99th. */
const stem = ({ kind, day, generation }: GenerationKey) =>
  `${ROOTS[kind]}${day.replaceAll("-", "/")}/${String(generation).padStart(2, "0")}`;

/** Returns the key of an object's records: gzip members of NDJSON, one after the other. */
export const recordsKey = (key: GenerationKey) => `${stem(key)}.ndjson.gz`;

/** The keys of all objects of a generation, unfinished ones too, begin with this. */
export const prefixOf = (key: GenerationKey) => `${stem(key)}.`;

export const indexKey = (key: GenerationKey) => `${stem(key)}.index.json`;

export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
