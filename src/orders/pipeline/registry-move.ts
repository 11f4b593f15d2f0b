import { logFailure } from "../../db/full";
import { log } from "../../log";
import { confirmIn } from "./registry";
import { inTurn, type Layout, objectsOf, REGISTRY_LAYOUTS } from "./registry-layouts";

/** An object of the new layout is given about this many ids at a time. */
const SHARE = 500;
const CALLS_PER_RUN = 800;

/**
 * Copies stored ids from the old layout's objects to the new ones, from where the last run ended. The
 * old object goes on only after the new objects have answered that they know every id of the slice.
 * Returns whether the old layout may go. If not, or if it failed, the next run of the cron goes on.
 */
export async function moveRegistry(
  env: Env,
  layouts = REGISTRY_LAYOUTS,
  calls = CALLS_PER_RUN,
): Promise<boolean> {
  const [old, newest] = inTurn(layouts);
  if (!old || !newest) {
    return false;
  }
  const between = { from: old.objects, to: newest.objects };
  try {
    const { copied, ended } = await copy(env, old, newest, calls);
    if (ended) {
      await Promise.all(objectsOf(env, newest).map(({ stub }) => stub.complete(old.objects)));
    }
    log.info(ended ? "registry.moved" : "registry.moving", { ...between, copied });
    return ended;
  } catch (error) {
    logFailure("registry.move_failed", error, between);
    return false;
  }
}

async function copy(env: Env, old: Layout, newest: Layout, calls: number) {
  const limit = SHARE * newest.objects;
  let [copied, made] = [0, 0];
  for (const { stub } of objectsOf(env, old)) {
    let slice = await stub.move(newest.objects, limit);
    while (slice.length > 0) {
      if (made >= calls) {
        return { copied, ended: false };
      }
      const known = await confirmIn(env, newest, slice);
      if (known.size < slice.length) {
        throw new Error(`Of ${slice.length} ids ${known.size} are known after copying`);
      }
      copied += slice.length;
      made += 1 + newest.objects;
      slice = await stub.move(newest.objects, limit, slice.at(-1)?.orderId);
    }
  }
  return { copied, ended: true };
}
