/**
 * A multipart upload to R2 outlives the run that began it. One that nobody completes is dropped by
 * R2 itself after seven days, so nothing sweeps what is left when a worker dies between opening an
 * upload and saving it, or when a failed export is not retried.
 */
export interface Upload {
  id: string;
  /** A mark that is put on the object too, and tells that this upload made it. */
  mark: string;
  /** The ETags of the parts, in order. */
  etags: readonly string[];
}

/** Target is an object to be: where it goes and what it is served as. */
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

/** Makes the object. A repeat finds the object that it made. Resolves to its size in bytes. */
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

/** Aborts an upload, which may also be gone or complete. */
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

/** LostError says that what was written so far is not there any more. */
export class LostError extends Error {}

/**
 * Tells whether R2 no longer knows the upload (10024) or one of its parts (10025). The ETag of a part
 * changes when a run that was given up on, and does not know it yet, sends the part once more.
 */
export function isLostUpload(error: unknown): boolean {
  return error instanceof LostError || /\((10024|10025)\)/.test(String(error));
}
