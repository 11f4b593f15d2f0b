// This file reads the project's own code on Node; sources.d.mts types it.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../../src/", import.meta.url));

export function readSources() {
  const files = readdirSync(source, { recursive: true });
  const code = files.filter((file) => /\.tsx?$/.test(file));
  return new Map(
    code.map((file) => [
      file.replaceAll(path.sep, "/"),
      readFileSync(path.join(source, file), "utf8"),
    ]),
  );
}
