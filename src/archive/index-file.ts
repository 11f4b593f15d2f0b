import { z } from "zod";

const filters = z.object({
  /** The ids of its tasks, and their external ids. */
  ids: z.string(),
  /** The ids of its orders, and of the orders that its tasks are about. */
  orders: z.string(),
  /** The words of its customers' names, folded. */
  customers: z.string(),
});

/** A member is one gzip member of the object: about 500 records, in order of id. */
const Member = z.object({
  offset: z.int(),
  length: z.int(),
  records: z.int(),
  /** The hash of its bytes as they are in the object, in hex. */
  sha256: z.string(),
  first_id: z.string(),
  last_id: z.string(),
  /**
   * The times at which the first and the last of its orders were processed, in Unix milliseconds;
   * null without orders.
   */
  first_processed_at: z.int().nullable(),
  last_processed_at: z.int().nullable(),
  /** The states and the names of its tasks; names is null where they are too many to list. */
  statuses: z.array(z.string()),
  names: z.array(z.string()).nullable(),
  filters,
});
export type Member = z.infer<typeof Member>;

/**
 * An index lies beside each object and says what is where in it. All that the manifest says can be
 * made again from the indexes.
 */
const IndexV1 = z.object({
  version: z.literal(1),
  kind: z.enum(["tasks", "audit"]),
  day: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  generation: z.int().min(1),
  created_at: z.int(),
  /** The size of the object in bytes; its members are all of it. */
  bytes: z.int(),
  orders: z.int(),
  /** The sum of its orders' totals in minor units, by currency. */
  totals: z.record(z.string(), z.int()),
  members: z.array(Member).min(1),
});
export type ArchiveIndex = z.infer<typeof IndexV1>;

/** An index may have any version ever written, each with what turns it into the present one. */
const VERSIONS = z.discriminatedUnion("version", [IndexV1]);

/** Reads an index file of any version. Throws an Error that says what is wrong with it. */
export function parseIndex(text: string): ArchiveIndex {
  return VERSIONS.parse(JSON.parse(text));
}
