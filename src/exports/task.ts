/**
 * An export writes the rows of a source to a file. It holds one page of rows and one part of the file.
 * Each uploaded part is a checkpoint: a crash, a retry or the next slice goes on after it, and reads
 * nothing of it again. A slice ends with a part, or between two pages: once what is in no part yet is
 * little, and after a number of pages in any case.
 */
import type { Outcome, SingleTask } from "../tasks/model/define";
import { Slice } from "../tasks/running/slice";
import { deleteFile, fileKey, fileName } from "./file";
import type { FormatName } from "./formats";
import { PartWriter, type Written } from "./part-writer";
import type { Damage, ExportSource } from "./source";
import { abortUpload, isLostUpload } from "./upload";

/** A part has the least size that R2 takes: it costs the least memory, and a crash loses least. */
const PART_BYTES = 5 * 1024 * 1024;

interface Position<Place> {
  after: Place | null;
  rows: number;
  /** The number of rows when it began, some of which may go meanwhile; null if not counted. */
  total: number | null;
  /** What could not be read so far, the first of it; of an older version, nothing. */
  damaged?: Damage[];
}

/** A result names at most this many damaged pieces of the archive. */
const MAX_DAMAGED = 100;

/** Defines the task that exports a source. Only tests give other sizes. */
export function defineExport<Input extends { formato: FormatName }, Row, Place>(
  source: ExportSource<Input, Row, Place>,
  partBytes = PART_BYTES,
  ...size: [ms?: number, pages?: number]
): SingleTask<Input> {
  type Progress = Written<Position<Place>>;

  return {
    kind: "single",
    name: source.name,
    module: "exports",
    description: source.description,
    queue: "tasks",
    input: source.input,
    retry: () => ({ attempts: 5, baseMs: 5000, maxMs: 300_000 }),
    deferral: { baseMs: 5000, maxMs: 300_000 },
    timeoutMs: 5 * 60_000,
    notify: { complete: true, error: true },
    startedBy: source.startedBy,

    async run(task, { env, engine, clock, signal }) {
      const { formato } = task.input;
      const format = source.formats(engine)[formato];
      const walk = source.walk(env, task);
      const name = fileName(source.fileName, task, formato);
      const key = fileKey(task.id);
      const contentDisposition = `attachment; filename="${name}"`;
      const httpMetadata = { contentType: format.contentType, contentDisposition };
      const encoder = new TextEncoder();

      const begin = async (): Promise<Progress> => {
        const position = { after: null, rows: 0, total: await walk.count() };
        const carry = encoder.encode(format.head).toBase64();
        return { upload: null, carry, position, ended: false };
      };
      const written = (task.checkpoint as Progress | null) ?? (await begin());
      const target = { files: env.FILES, key, httpMetadata };
      const writer = new PartWriter(target, written, partBytes, (now) => task.saveCheckpoint(now));
      const slice = new Slice(clock, ...size);

      const write = async (): Promise<Outcome> => {
        let { position } = written;
        await writer.resume();
        const pages = written.ended ? [] : walk.pages(position.after);
        for await (const { rows, end, passed = 0, turns, damage = [] } of pages) {
          signal.throwIfAborted();
          slice.turn(turns);
          position = withDamage(position, damage);
          for (const row of rows) {
            position = { ...position, after: walk.placeOf(row), rows: position.rows + 1 };
            const line = encoder.encode(format.line(row));
            if ((await writer.write(line, position)) && slice.isOver) {
              return { kind: "continue", checkpoint: writer.saved };
            }
          }
          position = { ...position, after: end };
          await task.progress(...progressOf(position, passed));
          if (slice.isSpent || (slice.isOver && writer.isLight)) {
            return { kind: "continue", checkpoint: await writer.pause(position) };
          }
        }
        const bytes = await writer.end(position);
        const { rows: filas, damaged } = position;
        return {
          kind: "done",
          result: { filas, bytes, archivo: name, ...(damaged && { damaged }) },
        };
      };

      try {
        return await write();
      } catch (error) {
        if (!isLostUpload(error)) {
          throw error;
        }
        // R2 dropped the upload, or a run that was given up on spoilt it, so the export begins
        // anew.
        const { upload } = writer.saved;
        await task.saveCheckpoint(null);
        if (upload !== null) {
          await abortUpload(env.FILES, key, upload.id);
        }
        return { kind: "retry", reason: { code: "upload_lost", message: String(error) } };
      }
    },

    async onRevoke(task, env) {
      const { upload } = (task.checkpoint as Progress | null) ?? {};
      if (upload) {
        await abortUpload(env.FILES, fileKey(task.id), upload.id);
      }
      await deleteFile(env.FILES, task.id);
    },
  };
}

/** Adds what cannot be read, once: a walk may come by it again. */
function withDamage<Place>(position: Position<Place>, damage: Damage[]): Position<Place> {
  if (damage.length === 0) {
    return position;
  }
  const all = [...(position.damaged ?? []), ...damage];
  const once = new Map(all.map((each) => [JSON.stringify(each), each]));
  return { ...position, damaged: [...once.values()].slice(0, MAX_DAMAGED) };
}

/** Returns a task's progress at a position; `passed` is the percentage if rows are not counted. */
function progressOf(
  { rows, total }: Position<unknown>,
  passed: number,
): [percent: number, step: string, totalSteps?: number] {
  return total === null
    ? [Math.min(99, passed), String(rows)]
    : [Math.min(99, (rows / Math.max(1, total)) * 100), `${rows} / ${total}`, total];
}
