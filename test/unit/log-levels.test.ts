import { stripTypeScriptTypes } from "node:module";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, describe, expect, it } from "vitest";
import { readProjectFile } from "../support/node.mjs";

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** `lines` has what the runtime handed on, as `wrangler dev` and Workers Logs get it. */
const lines: { level: string; message: string }[] = [];

const WORKER = `
  import { log, setLogLevel } from "./log.js";
  export default {
    async fetch(request) {
      const least = new URL(request.url).searchParams.get("least");
      setLogLevel(least);
      for (const level of ${JSON.stringify(LEVELS)}) log[level]("test." + level, { least });
      return new Response(null);
    },
  };`;
const runtime = new Miniflare(
  convertV4MiniflareOptions({
    modules: [
      { type: "ESModule", path: "worker.js", contents: WORKER },
      {
        type: "ESModule",
        path: "log.js",
        contents: stripTypeScriptTypes(readProjectFile("src/log.ts")),
      },
    ],
    compatibilityDate: "2026-11-01",
    handleStructuredLogs: ({ level, message }) => lines.push({ level, message }),
  }),
);
afterAll(() => runtime.dispose());

describe("a line of the log", () => {
  it.each(LEVELS)("reaches the platform at its own level, and none below %s", async (least) => {
    lines.length = 0;
    await runtime.dispatchFetch(`http://localhost/?least=${least}`);
    const expected = LEVELS.slice(LEVELS.indexOf(least)).map((level) => ({
      level,
      message: JSON.stringify({ event: `test.${level}`, level, least }),
    }));
    await expect.poll(() => lines).toEqual(expected);
  });
});
