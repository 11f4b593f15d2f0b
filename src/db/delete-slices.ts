import { retryD1 } from "./retry";

export const SLICE = 1000;
const SLICES = 50;

/**
 * Runs a statement that deletes up to SLICE rows until it finds fewer. Returns true when it stopped
 * early and more may be left.
 */
export async function deleteInSlices(
  db: D1Database,
  statement: D1PreparedStatement,
): Promise<boolean> {
  for (let slice = 0; slice < SLICES; slice += 1) {
    const { meta } = await retryD1(db, () => statement.run());
    if (meta.changes < SLICE) {
      return false;
    }
  }
  return true;
}
