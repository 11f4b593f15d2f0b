import { counts } from "./counters";

const WRITES = new Set(["put", "list", "createMultipartUpload"]);
const READS = new Set(["get", "head"]);

/** Wraps the real bucket, and counts the operations that R2 bills. */
export function countingBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") {
        return value;
      }
      const call = value.bind(target) as (...args: unknown[]) => unknown;
      if (name === "resumeMultipartUpload") {
        return (...args: unknown[]) => countingUpload(call(...args) as R2MultipartUpload);
      }
      return (...args: unknown[]) => {
        counts.r2Writes += WRITES.has(String(name)) ? 1 : 0;
        counts.r2Reads += READS.has(String(name)) ? 1 : 0;
        return call(...args);
      };
    },
  });
}

function countingUpload(upload: R2MultipartUpload): R2MultipartUpload {
  return new Proxy(upload, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") {
        return value;
      }
      const call = value.bind(target) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        counts.r2Writes += name === "abort" ? 0 : 1;
        return call(...args);
      };
    },
  });
}
