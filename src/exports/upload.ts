/**
 * A multipart upload to R2 that outlives the run which began it. R2 itself drops one that nobody
 * completes after seven days: what is left when a worker dies between opening an upload and noting
 * it, or when a failed export is not retried, needs no sweep.
 */
export interface Upload {
  id: string;
  /** Put on the object too: tells that it is the one this upload made. */
  mark: string;
  /** The ETags of the parts, in order. */
  etags: readonly string[];
}

/** An object to be: where it goes and what it is served as. */
export interface Target {
  files: R2Bucket;
  key: string;
  httpMetadata: R2HTTPMetadata;
}

export async function openUpload({ files, key, httpMetadata }: Target): Promise<Upload> {
  const mark = crypto.randomUUID();
  const options = { httpMetadata, customMetadata: { mark } };
  const { uploadId } = await files.createMultipartUpload(key, options);
  return { id: uploadId, mark, etags: [] };
}

export async function uploadPart(
  { files, key }: Target,
  upload: Upload,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Upload> {
  const number = upload.etags.length + 1;
  const { etag } = await files.resumeMultipartUpload(key, upload.id).uploadPart(number, bytes);
  return { ...upload, etags: [...upload.etags, etag] };
}

/** Makes the object; again, it finds the one it made. Resolves to its size. */
export async function completeUpload({ files, key }: Target, upload: Upload): Promise<number> {
  const parts = upload.etags.map((etag, index) => ({ partNumber: index + 1, etag }));
  try {
    return (await files.resumeMultipartUpload(key, upload.id).complete(parts)).size;
  } catch (error) {
    const object = await files.head(key);
    if (object?.customMetadata?.["mark"] !== upload.mark) {
      throw error;
    }
    return object.size;
  }
}

/** Bears an upload that is gone, or complete. */
export async function abortUpload(files: R2Bucket, key: string, id: string): Promise<void> {
  await files
    .resumeMultipartUpload(key, id)
    .abort()
    .catch((error: unknown) => {
      if (!isLostUpload(error)) {
        throw error;
      }
    });
}

/** What was written so far is not there any more. */
export class LostError extends Error {}

/**
 * Whether R2 knows the upload (10024) or one of its parts (10025) no more. A part's etag changes when
 * a run that was given up on, and does not know it yet, sends the part once more.
 */
export function isLostUpload(error: unknown): boolean {
  return error instanceof LostError || /\((10024|10025)\)/.test(String(error));
}
