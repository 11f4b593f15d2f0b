import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { fileKey } from "../../src/exports/file";
import { door } from "./door";
import { type FileCall, recordingFiles } from "./recording-files";

/** Returns the whole file of an export. */
export async function textOf(id: string): Promise<string> {
  const object = await env.FILES.get(fileKey(id));
  expect(object).not.toBeNull();
  // .text() would drop the byte order mark, which the file must have.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
  return decoder.decode(await object?.arrayBuffer());
}

/** Parses a CSV by RFC 4180 into the cells of its lines; invalid CSV fails the test. */
export function cellsOf(text: string): string[][] {
  const lines: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const [, quoted, plain = "", end] = cell.exec(text) ?? expect.fail(`no cell at ${at}`);
    lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ",") {
      lines.push([]);
    }
  }
  expect(lines.pop()).toEqual([]);
  return lines;
}

/** Returns a bucket that waits at the nth such call until opened. */
export function doorAt(call: FileCall, nth: number) {
  const { open, reached, pass } = door();
  let seen = 0;
  const before = async (made: FileCall) => {
    seen += made === call ? 1 : 0;
    if (made === call && seen === nth) {
      await pass();
    }
  };
  return { open, reached, ...recordingFiles(before) };
}
