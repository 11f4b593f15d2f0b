import { z } from "@hono/zod-openapi";

const DAY_MS = 86_400_000;
const ZONE = /(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const day = z.iso.date();
const dayOfZone = z
  .string()
  .refine((text) => ZONE.test(text) && day.safeParse(text.replace(ZONE, "")).success);

const instantText = z.union(
  [day, dayOfZone, z.iso.datetime({ offset: true })],
  "an ISO date that exists, or such a date and time with its zone",
);

const A_DAY = "A day is that of UTC, or of the offset behind it: 2026-11-22-05:00";

function described(what: string) {
  const description = `${what}. ${A_DAY}.`;
  return instantText.describe(description).openapi({ type: "string", example: "2026-11-22" });
}

/** Schema of the start of a range; `firstMoment` turns it into a time. */
export const fromText = described("From this moment or day on");
/** Schema of the exclusive end of a range; `endOf` turns it into a time. */
export const beforeText = described("Before this moment, or until this day has ended");
/** Schema of the inclusive end of a range; `lastMoment` turns it into a time. */
export const throughText = described("Until this moment or day, itself included");

/** Returns the first moment that a text includes, in Unix milliseconds. */
export function firstMoment(text: string): number {
  return Date.parse(isDay(text) ? `${text.slice(0, 10)}T00:00${text.slice(10) || "Z"}` : text);
}

/** Returns the first moment after a day, or the moment itself, in Unix milliseconds. */
export function endOf(text: string): number {
  return isDay(text) ? firstMoment(text) + DAY_MS : firstMoment(text);
}

/** Returns the last millisecond of a day, or the moment itself. */
export function lastMoment(text: string): number {
  return isDay(text) ? endOf(text) - 1 : firstMoment(text);
}

function isDay(text: string): boolean {
  return !text.includes("T");
}
