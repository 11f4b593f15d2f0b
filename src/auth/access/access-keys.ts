import { z } from "zod";
import { AppError } from "../../http/errors";
import { isRecent } from "../../lib/recent";
import { remember } from "../../lib/remember";
import { log } from "../../log";

const MAX_AGE_MS = 3_600_000;
/**
 * Keys younger than this are not fetched again, even for an unknown `kid`, so that made-up tokens
 * cannot flood the team.
 */
const MIN_AGE_MS = 10_000;
const PAUSE_AFTER_FAILURE_MS = 5000;
const TIMEOUT_MS = 5000;

const KeySet = z.object({ keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })) });
type Keys = z.infer<typeof KeySet>["keys"];

/**
 * Keys by team domain. Cloudflare rotates keys every six weeks and keeps the old ones valid for
 * days.
 */
const known = new Map<string, { keys: Keys; at: number }>();
const failures = new Map<string, number>();

/**
 * Returns the public keys that a team's Access signs with. An isolate keeps them for an hour and
 * fetches them again for an unknown `kid`. Throws 503 `access_unavailable` if they cannot be
 * fetched: a token that cannot be checked admits nobody.
 */
export async function accessKeys(teamDomain: string, kid: string, now: number): Promise<Keys> {
  const held = known.get(teamDomain);
  const limit = held?.keys.some((key) => key.kid === kid) ? MAX_AGE_MS : MIN_AGE_MS;
  if (held && isRecent(held.at, limit, now)) {
    return held.keys;
  }
  const failedAt = failures.get(teamDomain) ?? Number.NEGATIVE_INFINITY;
  if (isRecent(failedAt, PAUSE_AFTER_FAILURE_MS, now)) {
    throw unavailable();
  }
  try {
    const keys = await fetchKeys(teamDomain);
    remember(known, teamDomain, { keys, at: now });
    return keys;
  } catch (error) {
    remember(failures, teamDomain, now);
    log.error("auth.access_keys_failed", { teamDomain, message: String(error) });
    throw unavailable();
  }
}

async function fetchKeys(teamDomain: string): Promise<Keys> {
  const response = await fetch(`https://${teamDomain}/cdn-cgi/access/certs`, {
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`answered ${response.status}`);
  }
  return KeySet.parse(await response.json()).keys;
}

function unavailable(): AppError {
  const detail = "Cloudflare Access cannot be asked for its keys right now.";
  return new AppError(503, "access_unavailable", detail, {}, { "retry-after": "5" });
}
