import { isRawNumber } from "./exact-json";

/** Whether a JSON value is nested deeper than so many levels; looks no further than these. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || isRawNumber(value)) {
    return false;
  }
  if (levels === 0) {
    return true;
  }
  return Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}
