/** Records are turned into gzipped NDJSON, and back. */

/** Makes one gzip member of these lines, each without its newline. */
export function gzipLines(lines: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const text = lines.map((line) => `${line}\n`).join("");
  return through(new Blob([text]), new CompressionStream("gzip"));
}

/** Returns the lines of a gzip member. Throws where it is damaged. */
export async function gunzipLines(bytes: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const whole = await through(new Blob([bytes]), new DecompressionStream("gzip"));
  const lines = text.decode(whole).split("\n");
  if (lines.pop() !== "") {
    throw new Error("Its last line has no end");
  }
  return lines;
}

async function through(
  blob: Blob,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const passed = new Response(blob.stream().pipeThrough(stream));
  return new Uint8Array(await passed.arrayBuffer());
}
