import { describe, expect, it } from "vitest";
import { beforeText, endOf, firstMoment, lastMoment } from "../../src/http/instant";

const at = (text: string) => Date.parse(text);

describe("a day", () => {
  it.each([
    ["2026-11-22", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"],
    ["2026-11-22Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"],
    ["2026-11-22-05:00", "2026-11-22T05:00:00Z", "2026-11-23T05:00:00Z"],
    ["2026-11-22+14:00", "2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z"],
    ["2026-04-30", "2026-04-30T00:00:00Z", "2026-05-01T00:00:00Z"],
    ["2026-12-31", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"],
    ["2026-02-28", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"],
    ["2028-02-29", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"],
  ])("is whole, in its own zone or in UTC: %s", (day, first, next) => {
    expect(beforeText.parse(day)).toBe(day);
    expect(firstMoment(day)).toBe(at(first));
    expect(lastMoment(day)).toBe(at(next) - 1);
    expect(endOf(day)).toBe(at(next));
  });

  it("of a time is that moment, whatever its zone", () => {
    const moment = "2026-11-22T23:30:00.250-05:00";
    expect(beforeText.parse(moment)).toBe(moment);
    for (const read of [firstMoment, lastMoment, endOf]) {
      expect(read(moment)).toBe(at("2026-11-23T04:30:00.250Z"));
    }
  });

  it.each([
    "2026-02-30",
    "2027-02-29",
    "2026-02-30Z",
    "2026-11-31+01:00",
    "2026-02-30T00:00:00Z",
    "2026-13-01",
    "2026-11-22+24:00",
    "2026-11-22+1",
    "2026-11-22 01:00",
    "2026-11-22T10:00:00",
    "2026-11",
    "22/11/2026",
    "today",
    "T",
    "",
  ])("that there is not is none: %j", (text) => {
    expect(beforeText.safeParse(text).success).toBe(false);
  });
});
