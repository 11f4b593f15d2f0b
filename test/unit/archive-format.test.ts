/** Programs that know nothing of this system read the archive. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gunzipLines, gzipLines } from "../../src/archive/member";

const folder = mkdtempSync(path.join(tmpdir(), "archive-"));
const file = path.join(folder, "01.ndjson.gz");
const RECORDS = Array.from({ length: 1200 }, (_, n) => ({
  task: { id: `task-${n}`, status: n % 4 === 3 ? "FAILURE" : "SUCCESS", result_data: { n } },
  order:
    n % 4 === 3
      ? null
      : { id_pedido_original: n, cliente: `Núñez & Söhne ${n} "日本"\n`, total_final: "10.50" },
}));
const LINES = RECORDS.map((record) => JSON.stringify(record));
const members: Uint8Array<ArrayBuffer>[] = [];

beforeAll(async () => {
  for (let at = 0; at < LINES.length; at += 500) {
    members.push(await gzipLines(LINES.slice(at, at + 500)));
  }
  writeFileSync(file, Buffer.concat(members));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const shell = (command: string) =>
  execFileSync("sh", ["-c", command], { cwd: folder, encoding: "utf8", maxBuffer: 1e8 });

it("is read by gunzip as one file of lines", () => {
  expect(shell("gunzip -c 01.ndjson.gz")).toBe(`${LINES.join("\n")}\n`);
});

const hasJq = spawnSync("jq", ["--version"]).status === 0;

it.runIf(hasJq)("is read by zcat and jq", () => {
  const sum = `jq -s '[.[] | select(.order != null) | .order.total_final | tonumber] | add'`;
  expect(Number(shell(`zcat 01.ndjson.gz | ${sum}`))).toBe(900 * 10.5);
  const names = shell(
    `zcat 01.ndjson.gz | jq -j 'select(.task.id == "task-700") | .order.cliente'`,
  );
  expect(names).toBe(RECORDS[700]?.order?.cliente);
});

it("is read by DuckDB as it lies there", async () => {
  const database = await DuckDBInstance.create();
  const connection = await database.connect();
  const reader = await connection.runAndReadAll(
    `SELECT count(*)::INTEGER, count(*) FILTER (WHERE task.status = 'FAILURE')::INTEGER,
       sum(CAST("order".total_final AS DECIMAL(12, 2)))::DOUBLE
     FROM read_json('${file}', format = 'newline_delimited')`,
  );
  expect(reader.getRows()).toEqual([[1200, 300, 9450]]);
  connection.closeSync();
  database.closeSync();
});

it("is read member by member, each by itself", async () => {
  const lines = await Promise.all(members.map((member) => gunzipLines(member)));
  expect(lines.map(({ length }) => length)).toEqual([500, 500, 200]);
  expect(lines.flat()).toEqual(LINES);
});

it("tells of a member that is cut short", async () => {
  const [first = new Uint8Array()] = members;
  await expect(gunzipLines(first.slice(0, -3))).rejects.toThrow();
});
