import type { FormatName } from "./formats";

const PREFIX = "exports/";
/** This is the most that one call to R2 may list, or delete. */
const MAX_FILES = 1000;

/** Returns the key of an export's file. Task ids begin with the time, so keys are in order. */
export function fileKey(taskId: string): string {
  return PREFIX + taskId;
}

/** Deletes the file of an export, and whatever there is of an unfinished one. */
export async function deleteFile(files: R2Bucket, taskId: string): Promise<void> {
  const { objects } = await files.list({ prefix: fileKey(taskId) });
  await files.delete([fileKey(taskId), ...objects.map(({ key }) => key)]);
}

/** Returns the name of a file once it is downloaded, which says of what it is and of when. */
export function fileName(
  what: string,
  task: { id: string; createdAt: number },
  format: FormatName,
): string {
  const day = new Date(task.createdAt).toISOString().slice(0, 10);
  return `${what}-${day}-${task.id.slice(-8)}.${format}`;
}

/** Deletes files that are too old, oldest first, at most MAX_FILES at a time. Returns how many. */
export async function deleteOldFiles(
  files: R2Bucket,
  maxAgeMs: number,
  now: number,
): Promise<number> {
  const { objects } = await files.list({ prefix: PREFIX, limit: MAX_FILES });
  const old = objects.filter(({ uploaded }) => uploaded.getTime() < now - maxAgeMs);
  if (old.length > 0) {
    await files.delete(old.map(({ key }) => key));
  }
  return old.length;
}
