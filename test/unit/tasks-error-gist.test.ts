import { describe, expect, it } from "vitest";
import { gist } from "../../src/tasks/reading/error-gist";

describe("the gist of an error", () => {
  it.for([
    [
      "productos[3].cantidad must be at most 10000, not -5.5",
      "productos[#].cantidad must be at most #, not #",
    ],
    ["stored by task 01a20560-df47-77e1-a672-ba68105a00e0", "stored by task #"],
    ["batch 01a20560-df47-77e1-a672-ba68105a", "batch #"],
    ['no product for SKU "P999"', 'no product for SKU "P#"'],
    ["two\n  lines", "two lines"],
    ["", "-"],
    [null, "-"],
  ] as const)("of %j is %j", ([message, expected]) => {
    expect(gist(message)).toBe(expected);
  });

  it.for(["a".repeat(300), "😀".repeat(150), `${"x ".repeat(150)}7`, "  \u0000 1 ", "é1,2.3e4"])(
    "is the gist of itself: %j",
    (message) => {
      const once = gist(message);
      expect(gist(once)).toBe(once);
      expect(once.length).toBeLessThanOrEqual(200);
      expect(new URLSearchParams(`m=${encodeURIComponent(once)}`).get("m")?.trim()).toBe(once);
    },
  );
});
