/**
 * Writes processed orders to a file. It walks them oldest first, holding a page of them and one part
 * of the file. Each uploaded part is a checkpoint: a crash, a retry or the next slice goes on after
 * it, reading nothing of it again.
 */
import { nextOrders, countOrders, type Place } from "../orders/walk";
import type { Outcome, SingleTask } from "../tasks/define";
import { fileKey, fileName } from "./file";
import { FORMATS } from "./formats";
import { ExportInput, filterOf } from "./input";
import { PartWriter, type Written } from "./part-writer";
import { abortUpload, isLostUpload } from "./upload";

/** The least R2 takes: the least memory, and the least that a crash loses. */
const PART_BYTES = 5 * 1024 * 1024;
const SLICE_MS = 25_000;

/** Where the walk is. */
interface Position {
  after: Place | null;
  rows: number;
  /** How many orders there were at the beginning; some may be deleted on the way. */
  total: number;
}

/** Other sizes are for tests. */
export function defineExport(partBytes = PART_BYTES, sliceMs = SLICE_MS): SingleTask<ExportInput> {
  return {
    name: "exports.orders",
    module: "exports",
    description: "Exporta los pedidos procesados de un filtro a un archivo",
    queue: "tasks",
    input: ExportInput,
    retry: () => ({ attempts: 5, baseMs: 5000, maxMs: 300_000 }),
    deferral: { baseMs: 5000, maxMs: 300_000 },
    timeoutMs: 5 * 60_000,
    notify: { complete: true, error: true },
    // Whoever may read orders may page through them all; a file is only more convenient.
    startedBy: "viewer",

    async run(task, { env, signal }) {
      const format = FORMATS[task.input.formato];
      const filter = filterOf(task.input, task.createdAt);
      const name = fileName(task, task.input.formato);
      const key = fileKey(task.id);
      const contentDisposition = `attachment; filename="${name}"`;
      const httpMetadata = { contentType: format.contentType, contentDisposition };
      const encoder = new TextEncoder();

      const begin = async (): Promise<Written<Position>> => {
        const position = { after: null, rows: 0, total: await countOrders(env.DB, filter) };
        const carry = encoder.encode(format.head).toBase64();
        return { upload: null, carry, position, ended: false };
      };
      const written = (task.checkpoint as Written<Position> | null) ?? (await begin());
      const target = { files: env.FILES, key, httpMetadata };
      const writer = new PartWriter(target, written, partBytes, (now) => task.saveCheckpoint(now));
      const sliceEnd = Date.now() + sliceMs;

      const write = async (): Promise<Outcome> => {
        let { position } = written;
        await writer.resume();
        while (!writer.saved.ended) {
          signal.throwIfAborted();
          const orders = await nextOrders(env.DB, filter, position.after);
          if (orders.length === 0) {
            break;
          }
          for (const order of orders) {
            const after: Place = [order.processed_at, order.id];
            position = { ...position, after, rows: position.rows + 1 };
            const line = encoder.encode(format.line(order));
            if ((await writer.write(line, position)) && Date.now() >= sliceEnd) {
              return { kind: "continue", checkpoint: writer.saved };
            }
          }
          const { rows, total } = position;
          const percent = Math.min(99, (rows / Math.max(1, total)) * 100);
          await task.progress(percent, `${rows} / ${total}`, total);
        }
        const bytes = await writer.end(position);
        return { kind: "done", result: { filas: position.rows, bytes, archivo: name } };
      };

      try {
        return await write();
      } catch (error) {
        const { upload } = writer.saved;
        if (upload === null || !isLostUpload(error)) {
          throw error;
        }
        // Dropped by R2, or muddled by a run that was given up on: begin anew.
        await task.saveCheckpoint(null);
        await abortUpload(env.FILES, key, upload.id);
        return { kind: "retry", reason: { code: "upload_lost", message: String(error) } };
      }
    },

    async onRevoke(task, env) {
      const { upload } = (task.checkpoint as Written<Position> | null) ?? {};
      if (upload) {
        await abortUpload(env.FILES, fileKey(task.id), upload.id);
      }
      await env.FILES.delete(fileKey(task.id));
    },
  };
}

export const exportOrders = defineExport();
