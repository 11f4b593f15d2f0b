/** The zones of time that readers are in, by their IANA names. */

export const UTC = "UTC";
const DAY_MS = 86_400_000;

export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** "Buenos Aires" of "America/Argentina/Buenos_Aires": the page's script says it likewise. */
export function placeOf(zone: string): string {
  return (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}

/**
 * The first moment of a day in a zone, of its midnight in UTC. Where clocks go forward at midnight
 * there is none, and the day begins with the change; where they go back over it the first counts.
 */
export function startOfDay(midnight: number, zone: string): number {
  const [before, after] = [offsetAt(midnight - DAY_MS, zone), offsetAt(midnight + DAY_MS, zone)];
  const starts = [before, after]
    .filter((offset) => offsetAt(midnight - offset, zone) === offset)
    .map((offset) => midnight - offset);
  return starts.length === 0 ? midnight - before : Math.min(...starts);
}

/** How far a zone's clocks are ahead of UTC, in milliseconds. */
function offsetAt(moment: number, zone: string): number {
  const name = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" })
    .formatToParts(moment)
    .find(({ type }) => type === "timeZoneName")?.value;
  const found = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name ?? "");
  const [, sign, hours = 0, minutes = 0, seconds = 0] = found ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -ms : ms;
}
