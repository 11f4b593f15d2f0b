import { type Context, Hono } from "hono";
import { callAuth } from "../../auth/gate";
import { requireAdmin } from "../../http/require";
import { findPerson, listPeople, type PersonRow } from "../../auth/people/people-list";
import { currentSession } from "../../auth/sessions/session";
import { listSessions, tokenOf } from "../../auth/sessions/session-list";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { AppError } from "../../http/errors";
import { type FormProblem, formProblemOf } from "./form-problem";
import { formText, readForm } from "../shared/form-text";
import { BanPage } from "./person-ban";
import { NewPersonPage } from "./person-new";
import { PeopleListPage } from "./people-list";
import { PersonPage } from "./person";
import { RemovePersonPage } from "./person-removal";
import { readPeopleQuery } from "./people-query";
import { redirectWithCookies } from "../shared/redirect";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

const DAY_SECONDS = 86_400;

/**
 * The pages of people and roles are mounted at /admin/people, for administrators only; better-auth
 * does the work.
 */
export const peoplePages = new Hono<AppEnv>({ strict: false });

peoplePages.use(requireAdmin(), limitBody());

peoplePages.get("/", async (c) => {
  const view = viewOf(c);
  const query = readPeopleQuery(view.url.searchParams);
  if (Object.keys(query.problems).length > 0) {
    return renderPage(c, <PeopleListPage view={view} query={query} page={null} />, 400);
  }
  const page = await listPeople(c.env.DB, query.filter, query.request, Date.now());
  return renderPage(c, <PeopleListPage view={view} query={query} page={page} />);
});

peoplePages.get("/new", (c) => renderPage(c, <NewPersonPage view={viewOf(c)} />));

peoplePages.post("/", async (c) => {
  const form = await readForm(c);
  const [email, name, role, password] = ["email", "name", "role", "password"].map((field) =>
    formText(form, field),
  ) as [string, string, string, string];
  const typed = { email: email.trim(), name: name.trim(), role };
  try {
    const made = await administer(c, "create-user", { ...typed, password });
    const { user } = await made.json<{ user: { id: string } }>();
    return redirectWithCookies(c, `${pathOf(user.id)}?done=created`);
  } catch (error) {
    const problem = formProblemOf(error);
    const page = <NewPersonPage view={viewOf(c)} typed={typed} problem={problem} />;
    return renderPage(c, page, problem.status);
  }
});

peoplePages.get("/:id", async (c) => showPerson(c));

peoplePages.post("/:id/role", async (c) => {
  const form = await readForm(c);
  return change(c, "set-role", { role: formText(form, "role") }, "role");
});

peoplePages.post("/:id/password", async (c) => {
  const form = await readForm(c);
  const body = { newPassword: formText(form, "newPassword") };
  return change(c, "set-user-password", body, "password");
});

peoplePages.get("/:id/ban", async (c) =>
  renderPage(c, <BanPage view={viewOf(c)} person={await person(c)} />),
);

peoplePages.post("/:id/ban", async (c) => {
  const found = await person(c);
  const form = await readForm(c);
  const typed = { reason: formText(form, "reason").trim(), days: formText(form, "days").trim() };
  const body = {
    userId: found.id,
    ...(typed.reason !== "" && { banReason: typed.reason }),
    ...(typed.days !== "" && { banExpiresIn: Number(typed.days) * DAY_SECONDS }),
  };
  try {
    await administer(c, "ban-user", body);
  } catch (error) {
    const problem = formProblemOf(error);
    const page = <BanPage view={viewOf(c)} person={found} typed={typed} problem={problem} />;
    return renderPage(c, page, problem.status);
  }
  return redirectWithCookies(c, `${pathOf(found.id)}?done=banned`);
});

peoplePages.post("/:id/ban/end", async (c) => {
  await readForm(c);
  return change(c, "unban-user", {}, "unbanned");
});

peoplePages.get("/:id/removal", async (c) =>
  renderPage(c, <RemovePersonPage view={viewOf(c)} person={await person(c)} />),
);

peoplePages.post("/:id/removal", async (c) => {
  await readForm(c);
  const found = await person(c);
  try {
    await administer(c, "remove-user", { userId: found.id });
  } catch (error) {
    const problem = formProblemOf(error);
    const page = <RemovePersonPage view={viewOf(c)} person={found} problem={problem} />;
    return renderPage(c, page, problem.status);
  }
  const query = new URLSearchParams({ removed: found.email });
  return redirectWithCookies(c, `/admin/people?${query.toString()}`);
});

peoplePages.post("/:id/sessions/revocation", async (c) => {
  await readForm(c);
  return change(c, "revoke-user-sessions", {}, "revokedAll");
});

peoplePages.post("/:id/sessions/:session/revocation", async (c) => {
  await readForm(c);
  const { id } = await person(c);
  const sessionToken = await tokenOf(c.env.DB, id, c.req.param("session"));
  if (sessionToken !== null) {
    await administer(c, "revoke-user-session", { sessionToken });
  }
  return redirectWithCookies(c, `${pathOf(id)}?done=revoked`); // it has ended either way
});

/**
 * Calls the endpoint for the person of the address and shows them again; a refusal is shown beside
 * its field.
 */
async function change(
  c: Context<AppEnv>,
  endpoint: string,
  body: Record<string, unknown>,
  done: string,
): Promise<Response> {
  const { id } = await person(c);
  try {
    await administer(c, endpoint, { userId: id, ...body });
  } catch (error) {
    return showPerson(c, formProblemOf(error));
  }
  return redirectWithCookies(c, `${pathOf(id)}?done=${done}`);
}

async function showPerson(c: Context<AppEnv>, problem?: FormProblem): Promise<Response> {
  const found = await person(c);
  const sessions = await listSessions(c.env.DB, found.id, Date.now());
  const own = (await currentSession(c, true))?.id ?? null;
  const props = { view: viewOf(c), person: found, sessions, own, problem };
  return renderPage(c, <PersonPage {...props} />, problem?.status ?? 200);
}

function administer(c: Context<AppEnv>, endpoint: string, body: unknown): Promise<Response> {
  return callAuth(c, { method: "POST", path: `/admin/${endpoint}`, body });
}

async function person(c: Context<AppEnv>): Promise<PersonRow> {
  const id = c.req.param("id") ?? "";
  const found = await findPerson(c.env.DB, id, Date.now());
  if (found === null) {
    throw new AppError(404, "person_not_found", `There is no person ${id}`);
  }
  return found;
}

function pathOf(id: string): string {
  return `/admin/people/${encodeURIComponent(id)}`;
}
