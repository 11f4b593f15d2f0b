/** Administrators make and revoke API keys with these commands. */
import { type Acting, audit } from "../../audit/audit";
import { database } from "../../db/client";
import { assertAdmin } from "../../http/require";
import { Refused, type Result } from "../../lib/result";
import { createKey, findKey, type NewKey, revokeKey } from "./keys";

/** Makes a key and notes it in the audit log. Throws 401 and 403. */
export async function makeKey(acting: Acting, asked: Omit<NewKey, "createdBy">) {
  const createdBy = assertAdmin(acting.caller).id;
  const made = await createKey(database(acting.env), { ...asked, createdBy }, new Date());
  await audit(acting, "key.create", made.id, { name: made.name, scopes: made.scopes });
  return made;
}

/** Revokes a key; one that is revoked already stays as it is. Throws 401 and 403. */
export async function endKey(
  acting: Acting,
  id: string,
): Promise<Result<"done", { kind: "no_key" }>> {
  assertAdmin(acting.caller);
  const db = database(acting.env);
  const key = await findKey(db, id);
  if (key === null) {
    return new Refused({ kind: "no_key" });
  }
  if (key.revokedAt === null) {
    await revokeKey(db, id, new Date());
    await audit(acting, "key.revoke", id, { name: key.name });
  }
  return "done";
}
