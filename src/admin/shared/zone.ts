/** This file handles readers' time zones, by their IANA names. */

export const UTC = "UTC";
const DAY_MS = 86_400_000;

export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** Returns "Buenos Aires" for "America/Argentina/Buenos_Aires". times.client.js does the same. */
export function placeOf(zone: string): string {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

/**
 * Returns the first moment of a day in a zone, given the day's midnight in UTC. Where clocks skip
 * midnight the day begins with the change; where they pass it twice the first one counts.
 */
export function startOfDay(midnight: number, zone: string): number {
  const [before, after] = [offsetAt(midnight - DAY_MS, zone), offsetAt(midnight + DAY_MS, zone)];
  const starts = [before, after]
    .filter((offset) => offsetAt(midnight - offset, zone) === offset)
    .map((offset) => midnight - offset);
  return starts.length === 0 ? midnight - before : Math.min(...starts);
}

/** Returns how far a zone's clocks are ahead of UTC, in milliseconds. */
function offsetAt(moment: number, zone: string): number {
  const name = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" })
    .formatToParts(moment)
    .find(({ type }) => type === "timeZoneName")?.value;
  const found = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name ?? "");
  const [, sign, hours = 0, minutes = 0, seconds = 0] = found ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -ms : ms;
}
