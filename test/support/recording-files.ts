import { env } from "cloudflare:workers";

export type FileCall = "create" | "part" | "complete" | "abort" | "put" | "head" | "get" | "delete";

/**
 * Before is called before each call to R2 goes through; it may wait, or throw in the call's place.
 */
type Before = (call: FileCall, size: number) => Promise<void> | void;

/**
 * Wraps the real bucket, and notes every call to it, the uploads opened, and the sizes of what it
 * was given.
 */
export function recordingFiles(before: Before = () => {}) {
  const calls: FileCall[] = [];
  const sizes: number[] = [];
  const uploads: { key: string; id: string }[] = [];
  const pass = async (call: FileCall, size = 0) => {
    calls.push(call);
    if (call === "part" || call === "put") {
      sizes.push(size);
    }
    await before(call, size);
  };
  const wrap = (upload: R2MultipartUpload): R2MultipartUpload => ({
    key: upload.key,
    uploadId: upload.uploadId,
    async uploadPart(number, value) {
      await pass("part", (value as Uint8Array).byteLength);
      return upload.uploadPart(number, value);
    },
    async complete(parts) {
      await pass("complete");
      return upload.complete(parts);
    },
    async abort() {
      await pass("abort");
      await upload.abort();
    },
  });
  const files = {
    async createMultipartUpload(key: string, options: R2MultipartOptions) {
      await pass("create");
      const upload = await env.FILES.createMultipartUpload(key, options);
      uploads.push({ key, id: upload.uploadId });
      return wrap(upload);
    },
    resumeMultipartUpload: (key: string, id: string) =>
      wrap(env.FILES.resumeMultipartUpload(key, id)),
    async put(key: string, value: Uint8Array<ArrayBuffer>, options: R2PutOptions) {
      await pass("put", value.byteLength);
      return env.FILES.put(key, value, options);
    },
    async head(key: string) {
      await pass("head");
      return env.FILES.head(key);
    },
    async get(key: string) {
      await pass("get");
      return env.FILES.get(key);
    },
    list: (options: R2ListOptions) => env.FILES.list(options),
    async delete(keys: string | string[]) {
      await pass("delete");
      await env.FILES.delete(keys);
    },
  };
  return { files, calls, sizes, uploads };
}

/** Tells whether R2 would still take a part of an upload. */
export async function isOpen({ key, id }: { key: string; id: string }): Promise<boolean> {
  try {
    await env.FILES.resumeMultipartUpload(key, id).uploadPart(9999, "x");
    return true;
  } catch (error) {
    if (String(error).includes("(10024)")) {
      return false;
    }
    throw error;
  }
}
