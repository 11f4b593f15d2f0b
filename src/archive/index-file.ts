import { z } from "zod";

const filters = z.object({
  /** Ids of its tasks, and their names elsewhere. */
  ids: z.string(),
  /** Ids of its orders, and of the orders its tasks are about. */
  orders: z.string(),
  /** Words of its customers' names, folded. */
  customers: z.string(),
});

/** A gzip member of the object: about 500 records, in order of id. */
const Member = z.object({
  offset: z.int(),
  length: z.int(),
  records: z.int(),
  /** Of its bytes as they are in the object, hex. */
  sha256: z.string(),
  first_id: z.string(),
  last_id: z.string(),
  /** When the first and the last of its orders were processed, Unix milliseconds; null without any. */
  first_processed_at: z.int().nullable(),
  last_processed_at: z.int().nullable(),
  /** States and names of its tasks; null where they are too many to be told. */
  statuses: z.array(z.string()),
  names: z.array(z.string()).nullable(),
  filters,
});
export type Member = z.infer<typeof Member>;

/** Beside each object: what is where in it. All that the manifest says can be made again from it. */
const IndexV1 = z.object({
  version: z.literal(1),
  kind: z.enum(["tasks", "audit"]),
  day: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  generation: z.int().min(1),
  created_at: z.int(),
  /** Bytes of the object, which is its members and nothing else. */
  bytes: z.int(),
  orders: z.int(),
  /** Sum of its orders' totals in minor units, by currency. */
  totals: z.record(z.string(), z.int()),
  members: z.array(Member).min(1),
});
export type ArchiveIndex = z.infer<typeof IndexV1>;

/** Every version ever written, each with what makes the present one of it. */
const VERSIONS = z.discriminatedUnion("version", [IndexV1]);

/** Reads an index file of any version. Throws an Error that says what is wrong with it. */
export function parseIndex(text: string): ArchiveIndex {
  return VERSIONS.parse(JSON.parse(text));
}
