import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { ADMIN, signIn } from "../../support/auth-site";

async function people(): Promise<unknown[]> {
  return (await env.DB.prepare("SELECT email, role FROM users").all()).results;
}

it("refuses to make the first administrator with a short password, naming the variable", async () => {
  const response = await signIn(ADMIN, { env: { ADMIN_PASSWORD: "short" } });
  expect(response.status).toBe(503);
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  const problem = await response.json<{ code: string; detail: string; variable: string }>();
  expect(problem).toMatchObject({ code: "invalid_configuration", variable: "ADMIN_PASSWORD" });
  expect(problem.detail).toContain("ADMIN_PASSWORD");
  expect(await people()).toEqual([]);
});

it("refuses an ADMIN_EMAIL that is not an address, and a weak secret", async () => {
  const email = await signIn(ADMIN, { env: { ADMIN_EMAIL: "nobody" } });
  expect(await email.json()).toMatchObject({ status: 503, variable: "ADMIN_EMAIL" });
  const secret = await signIn(ADMIN, { env: { BETTER_AUTH_SECRET: "weak" } });
  expect(await secret.json()).toMatchObject({ status: 503, variable: "BETTER_AUTH_SECRET" });
});

it("makes the first administrator once, even when sign-ins race", async () => {
  const answers = await Promise.all([1, 2, 3].map(() => signIn(ADMIN)));
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  expect(await people()).toEqual([{ email: ADMIN.email, role: "admin" }]);
  const accounts = await env.DB.prepare("SELECT count(*) AS n FROM accounts").first("n");
  expect(accounts).toBe(1);
});

it("never touches an existing person", async () => {
  const other = "another-password-entirely";
  const response = await signIn(
    { email: ADMIN.email, password: other },
    { env: { ADMIN_PASSWORD: other } },
  );
  expect(response.status).toBe(401);
  expect((await signIn(ADMIN)).status).toBe(200);
});
