import { isRawNumber } from "./exact-json";

/** Tells whether a JSON value is nested deeper than `levels`. It descends no further than that. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || isRawNumber(value)) {
    return false;
  }
  if (levels === 0) {
    return true;
  }
  return Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}
