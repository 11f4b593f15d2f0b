/** Caller is who asks: a session's cookie or an API key, on an origin. */
export interface Caller {
  origin: string;
  headers: Record<string, string>;
}

/** Answer may be a refusal too: who expects one says what it looks like. */
export interface Answer<Body> {
  status: number;
  body: Body;
}

type Query = Record<string, string | number | boolean | undefined>;

export async function get<Body>(caller: Caller, path: string, query: Query = {}) {
  const url = new URL(path, caller.origin);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      url.searchParams.set(name, String(value));
    }
  }
  return answered<Body>(await fetch(url, { headers: caller.headers }));
}

/**
 * Sends a request, without a body unless there is one to send, as the old routes took none for what
 * they did by address.
 */
export async function send<Body>(
  caller: Caller,
  method: "POST" | "PATCH",
  path: string,
  data?: object,
) {
  const headers = data ? { ...caller.headers, "content-type": "application/json" } : caller.headers;
  const body = data && JSON.stringify(data);
  return answered<Body>(await fetch(new URL(path, caller.origin), { method, headers, body }));
}

async function answered<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) as Body };
  } catch {
    throw new Error(`${response.status} ${response.url} answered no JSON: ${text.slice(0, 500)}`);
  }
}

export async function signIn(origin: string, account: { email: string; password: string }) {
  const response = await fetch(new URL("/api/auth/sign-in/email", origin), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(account),
  });
  if (!response.ok) {
    throw new Error(`Signing in was answered ${response.status}: ${await response.text()}`);
  }
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0]);
  const { user } = (await response.json()) as { user: { id: string; name: string } };
  return { origin, headers: { cookie: cookies.join("; ") }, id: user.id, name: user.name };
}

/** Makes a key, which is a user of its own: what it starts is found by its id. */
export async function makeKey(admin: Caller, name: string, scopes: string[]) {
  const { status, body } = await send<{ id: string; key: string }>(admin, "POST", "/api/keys/", {
    name,
    scopes,
  });
  if (status >= 300) {
    throw new Error(`A key was refused: ${JSON.stringify(body)}`);
  }
  const headers = { authorization: `Bearer ${body.key}` };
  return { origin: admin.origin, headers, id: body.id, name };
}

/** Makes a person by the console's form, which is the way to make one. */
export async function makePerson(admin: Caller, name: string, role: "viewer" | "operator") {
  const account = { email: `${name}@example.com`, password: `password-of-${name}` };
  const response = await fetch(new URL("/admin/people", admin.origin), {
    method: "POST",
    headers: { ...admin.headers, origin: admin.origin },
    body: new URLSearchParams({ ...account, name, role }),
    redirect: "manual",
  });
  if (response.status >= 400) {
    throw new Error(`A person was refused: ${response.status} ${await response.text()}`);
  }
  return { ...(await signIn(admin.origin, account)), account };
}
