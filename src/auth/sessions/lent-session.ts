import { generateSignedCookie } from "hono/cookie";
import type { Auth } from "../auth";
import type { Person } from "../../caller";

/**
 * Calls better-auth for somebody who came through Cloudflare Access. better-auth acts only for
 * sessions, so this lends them one during the call; its token and cookies reach nobody.
 */
export async function withLentSession(
  auth: Auth,
  person: Person,
  call: (cookie: string) => Promise<Response>,
): Promise<Response> {
  const { internalAdapter, authCookies, secret } = await auth.$context;
  const { token } = await internalAdapter.createSession(person.id);
  try {
    const { name } = authCookies.sessionToken;
    const setCookie = await generateSignedCookie(name, token, secret, { secure: true });
    const response = await call(setCookie.split(";")[0] ?? "");
    const headers = new Headers(response.headers);
    headers.delete("set-cookie");
    return new Response(response.body, { status: response.status, headers });
  } finally {
    await internalAdapter.deleteSession(token);
  }
}
