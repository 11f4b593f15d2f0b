/** A signed link to an export's file lets whoever has it download the file, for an hour. */
import { Refused, type Result } from "../lib/result";
import { isSigned, sign } from "../auth/sessions/signing";

const PURPOSE = "exports: link to a file";
const LINK_SECONDS = 3600;

export interface FileLink {
  /** The path and query: "/exports/TASK?expires=SECONDS&k=SIGNATURE". */
  path: string;
  expiresAt: number;
}

export async function fileLink(env: Env, taskId: string, now: number): Promise<FileLink> {
  const expires = Math.floor(now / 1000) + LINK_SECONDS;
  const k = await sign(env, PURPOSE, `${taskId} ${expires}`);
  return { path: `/exports/${taskId}?expires=${expires}&k=${k}`, expiresAt: expires * 1000 };
}

/** Judges a link that was followed. A forged one is "invalid", whether or not it has expired. */
export async function readLink(
  env: Env,
  taskId: string,
  link: { expires: string; k: string },
  now: number,
): Promise<Result<"valid", "invalid" | "expired">> {
  if (!(await isSigned(env, PURPOSE, `${taskId} ${link.expires}`, link.k))) {
    return new Refused("invalid");
  }
  return Number(link.expires) * 1000 > now ? "valid" : new Refused("expired");
}
