import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  isBatchId,
  isTaskId,
  batchIdOf,
  batchRange,
  MAX_TASKS_PER_BATCH,
  newBatchId,
  taskId,
} from "../../src/lib/ids";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const times = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const sequences = fc.integer({ min: 0, max: MAX_TASKS_PER_BATCH - 1 });

it("shapes ids as UUIDv7 with the time in their first 48 bits", () => {
  fc.assert(
    fc.property(times, sequences, (now, sequence) => {
      const id = taskId(newBatchId(now), sequence);
      expect(id).toMatch(UUID_V7);
      expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(now);
      expect(Number.parseInt(id.slice(-4), 16)).toBe(sequence);
      expect(isTaskId(id)).toBe(true);
    }),
  );
});

it("takes every variant there is, and no other", () => {
  const variants = Array.from({ length: 500 }, () => newBatchId(0).charAt(19));
  expect([...new Set(variants)].toSorted()).toEqual(["8", "9", "a", "b"]);
});

it("draws a new lote each time, random in every digit that is not time, version or variant", () => {
  const lotes = Array.from({ length: 1000 }, () => newBatchId(1_700_000_000_000));
  expect(new Set(lotes).size).toBe(1000);
  for (const index of [15, 16, 17, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31]) {
    expect(new Set(lotes.map((lote) => lote.charAt(index))).size).toBe(16);
  }
});

it("sorts ids by time, then by lote, then by sequence", () => {
  fc.assert(
    fc.property(times, times, sequences, sequences, (one, other, s, t) => {
      fc.pre(one < other);
      expect(taskId(newBatchId(one), s) < taskId(newBatchId(other), t)).toBe(true);
      const lote = newBatchId(one);
      expect(taskId(lote, s) < taskId(lote, t)).toBe(s < t);
    }),
  );
});

it("makes the lote the prefix of its tasks, and finds it again", () => {
  fc.assert(
    fc.property(times, sequences, (now, sequence) => {
      const lote = newBatchId(now);
      expect(isBatchId(lote)).toBe(true);
      expect(isTaskId(lote)).toBe(false);
      expect(taskId(lote, sequence).startsWith(lote)).toBe(true);
      expect(batchIdOf(taskId(lote, sequence))).toBe(lote);
    }),
  );
});

it("spans exactly a lote's tasks with its range", () => {
  const lote = "0190a5e0-0000-7abc-8def-00000001";
  const [first, last] = batchRange(lote);
  expect(first).toBe(`${lote}0000`);
  expect(last).toBe(`${lote}ffff`);
  const within = (id: string) => id >= first && id <= last;
  fc.assert(fc.property(sequences, (sequence) => within(taskId(lote, sequence))));
  expect(within(taskId("0190a5e0-0000-7abc-8def-00000000", MAX_TASKS_PER_BATCH - 1))).toBe(false);
  expect(within(taskId("0190a5e0-0000-7abc-8def-00000002", 0))).toBe(false);
});

it("takes only these shapes for ids", () => {
  const id = taskId(newBatchId(1_700_000_000_000), 1);
  for (const text of [
    "",
    `${id}0`,
    id.slice(0, -1),
    id.toUpperCase().replace("-7", "-A"),
    id.replace(/-7/, "-4"),
    `${id}\n`,
    ` ${id}`,
    id.replaceAll("-", ""),
  ]) {
    expect(isTaskId(text)).toBe(false);
    expect(isBatchId(text)).toBe(false);
  }
});
