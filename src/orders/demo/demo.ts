/** The demo batch is generated orders, some bad on purpose, so that a newcomer sees every end. */
import type { RowOf } from "../../db/row";
import { sql } from "../../db/sql";
import type { demoSequence } from "../order/schema";

const CUSTOMERS = [
  "ACME Corp",
  "Stark Industries",
  "Wayne Enterprises",
  "Cyberdyne Systems",
  "OsCorp",
];
const VALID_SKUS = ["P001", "P002", "P003", "P004", "P008", "P015", "P020"];
const UNKNOWN_SKUS = ["P999", "P888", "INVALID_SKU"];
const VALID_SHARE = 0.8;
const MAX_LINES = 3;
const MAX_QUANTITY = 5;
/** In every ten orders, these have no products. */
const EMPTY = new Set([0, 5]);

export interface DemoOrder {
  id: number;
  cliente: string;
  productos: { sku: string; cantidad: number }[];
}

/** Generates orders with ids that follow on from `firstId`. `random` is in [0, 1). */
export function demoOrders(firstId: number, count: number, random: () => number): DemoOrder[] {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const line = () => ({
    sku: pick(random() < VALID_SHARE ? VALID_SKUS : UNKNOWN_SKUS),
    cantidad: 1 + Math.floor(random() * MAX_QUANTITY),
  });
  return Array.from({ length: count }, (_, index) => ({
    id: firstId + index,
    cliente: pick(CUSTOMERS),
    productos: EMPTY.has(index % 10)
      ? []
      : Array.from({ length: 1 + Math.floor(random() * MAX_LINES) }, line),
  }));
}

type Sequence = RowOf<typeof demoSequence>;

const TAKE_IDS = sql(`
INSERT INTO demo_sequence (name, value) VALUES ('orders', :now + :count - 1)
ON CONFLICT (name) DO UPDATE SET value = max(value + 1, :now) + :count - 1
RETURNING value`);

/**
 * Takes `count` ids in a row and returns the first: the clock in milliseconds, or the id after the
 * last one given out. One row of the database gives them out, so no two requests ever share one.
 */
export async function takeDemoIds(db: D1Database, count: number, now: number): Promise<number> {
  const row = await TAKE_IDS.on(db, { now, count }).first<Pick<Sequence, "value">>();
  return (row?.value ?? now + count - 1) - count + 1;
}
