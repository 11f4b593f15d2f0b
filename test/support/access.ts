import { sign } from "hono/jwt";
import { vi } from "vitest";

export const AUDIENCE = "a1".repeat(32);

const ALGORITHM = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};

export interface SigningKey {
  kid: string;
  /** `jwk` is the public key as Access publishes it. */
  jwk: JsonWebKey & { kid: string; kty: string };
  sign: (claims: Record<string, unknown>) => Promise<string>;
}

export async function signingKey(kid: string): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const { privateKey, publicKey } = pair as CryptoKeyPair;
  const own = (await crypto.subtle.exportKey("jwk", privateKey)) as JsonWebKey;
  const { n, e } = (await crypto.subtle.exportKey("jwk", publicKey)) as JsonWebKey;
  return {
    kid,
    jwk: { kid, kty: "RSA", alg: "RS256", use: "sig", n, e },
    sign: (claims) => sign(claims, { ...own, kty: "RSA", kid, alg: "RS256" }, "RS256"),
  };
}

let teams = 0;

/**
 * Makes a team of Cloudflare Access of its own, so that no test sees keys remembered from another.
 * `answer` is the key set that the team serves, and `asked` counts requests for it.
 */
export function accessTeam(keys: readonly SigningKey[], roles = "") {
  const domain = `team-${++teams}.cloudflareaccess.com`;
  const seconds = Math.floor(Date.now() / 1000);
  const team = {
    domain,
    asked: 0,
    answer: async (): Promise<Response> => Response.json({ keys: keys.map(({ jwk }) => jwk) }),
    env: { ACCESS_TEAM_DOMAIN: domain, ACCESS_AUD: AUDIENCE, ACCESS_ROLES: roles },
    /** `claims` returns the claims of a token as Access makes it. */
    claims: (email: string, changes: Record<string, unknown> = {}) => ({
      aud: [AUDIENCE],
      email,
      exp: seconds + 60,
      iat: seconds,
      nbf: seconds,
      iss: `https://${domain}`,
      type: "app",
      sub: `subject of ${email}`,
      ...changes,
    }),
  };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url !== `https://${domain}/cdn-cgi/access/certs`) {
      throw new Error(`Nobody is to be asked but the team: ${url}`);
    }
    team.asked += 1;
    return team.answer();
  });
  return team;
}
