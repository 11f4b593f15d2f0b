import { describe, expect, it } from "vitest";
import { isZone, placeOf, startOfDay } from "../../src/admin/shared/zone";

describe("a day in a zone", () => {
  it.for([
    ["2026-11-22", "UTC", "2026-11-22T00:00:00.000Z"],
    ["2026-11-22", "America/Bogota", "2026-11-22T05:00:00.000Z"],
    ["2026-11-22", "Asia/Kolkata", "2026-11-21T18:30:00.000Z"],
    ["2026-11-22", "Pacific/Kiritimati", "2026-11-21T10:00:00.000Z"],
    ["2026-11-22", "+05:45", "2026-11-21T18:15:00.000Z"],
    // Madrid's clocks change on two of these days; the others follow them.
    ["2026-03-29", "Europe/Madrid", "2026-03-28T23:00:00.000Z"],
    ["2026-03-30", "Europe/Madrid", "2026-03-29T22:00:00.000Z"],
    ["2026-10-25", "Europe/Madrid", "2026-10-24T22:00:00.000Z"],
    ["2026-10-26", "Europe/Madrid", "2026-10-25T23:00:00.000Z"],
    // The day has no midnight: Santiago's clocks went from 24:00 to 01:00.
    ["2024-09-08", "America/Santiago", "2024-09-08T04:00:00.000Z"],
    // The day has two midnights: Havana's clocks went from 01:00 back to 00:00.
    ["2024-11-03", "America/Havana", "2024-11-03T04:00:00.000Z"],
    ["0001-01-01", "UTC", "0001-01-01T00:00:00.000Z"],
  ] as const)("%s in %s begins at %s", ([day, zone, start]) => {
    expect(new Date(startOfDay(Date.parse(day), zone)).toISOString()).toBe(start);
  });
});

describe("a zone", () => {
  it.for([
    ["America/Argentina/Buenos_Aires", true],
    ["UTC", true],
    ["Asia/Calcutta", true],
    ["Mars/Olympus", false],
    ["", false],
    ["<script>", false],
  ] as const)("is known: %s, %s", ([name, known]) => {
    expect(isZone(name)).toBe(known);
  });

  it("is called by its place", () => {
    expect(placeOf("America/Argentina/Buenos_Aires")).toBe("Buenos Aires");
    expect(placeOf("UTC")).toBe("UTC");
  });
});
