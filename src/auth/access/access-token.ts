import { decode, verifyWithJwks } from "hono/jwt";
import { z } from "zod";
import type { AccessConfig } from "../../config";
import { log } from "../../log";
import { accessKeys } from "./access-keys";

const Header = z.object({ alg: z.literal("RS256"), kid: z.string().min(1).max(200) });

/** `email` is optional because a service token has none. */
const Claims = z.object({
  exp: z.number(),
  sub: z.string().optional(),
  email: z.email().toLowerCase().optional(),
});

export type Identity = z.infer<typeof Claims>;

/**
 * Returns whom a token of Cloudflare Access names, or null unless the team signed it, for this
 * application, and it is valid now. Throws 503 if the team's keys cannot be fetched.
 */
export async function verifyAccessToken(
  { teamDomain, audience }: Pick<AccessConfig, "teamDomain" | "audience">,
  token: string,
): Promise<Identity | null> {
  const header = Header.safeParse(headerOf(token));
  if (!header.success) {
    return null;
  }
  const keys = await accessKeys(teamDomain, header.data.kid, Date.now());
  try {
    const claims: unknown = await verifyWithJwks(token, {
      keys,
      allowedAlgorithms: ["RS256"],
      verification: { iss: `https://${teamDomain}`, aud: audience },
    });
    return Claims.parse(claims); // the schema requires `exp`, which the library does not
  } catch (error) {
    // The log takes only the error's name, because its message quotes the token.
    log.warn("auth.access_refused", { reason: error instanceof Error ? error.name : "unknown" });
    return null;
  }
}

function headerOf(token: string): unknown {
  try {
    return decode(token).header;
  } catch {
    return null;
  }
}
