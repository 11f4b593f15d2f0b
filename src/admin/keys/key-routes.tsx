import { Hono } from "hono";
import { actingOf } from "../../audit/audit";
import { pageOfKeys } from "../../auth/keys/key-list";
import { NewKeyBody } from "../../auth/keys/key-routes";
import { endKey, makeKey } from "../../auth/keys/key-commands";
import { isRefused } from "../../lib/result";
import { findKey } from "../../auth/keys/keys";
import { requireAdmin } from "../../http/require";
import { namesOf } from "../../auth/people/names";
import { database } from "../../db/client";
import type { AppEnv } from "../../http/app-env";
import { limitBody } from "../../http/body-limit";
import { AppError } from "../../http/errors";
import { readFields, readForm } from "../shared/form-text";
import { readKeyQuery } from "./key-query";
import { KeyListPage } from "./key-list";
import { KeyMadePage } from "./key-made";
import { NewKeyPage, type TypedKey } from "./key-new";
import { RevokeKeyPage } from "./key-revocation";
import { renderPage } from "../shared/render";
import { viewOf } from "../shared/view";

/** The pages of API keys are mounted at /admin/keys and for administrators only. */
export const keyPages = new Hono<AppEnv>({ strict: false });

keyPages.use(requireAdmin(), limitBody());

keyPages.get("/", async (c) => {
  const view = viewOf(c);
  const query = readKeyQuery(view.url.searchParams);
  if (Object.keys(query.problems).length > 0) {
    return renderPage(c, <KeyListPage view={view} query={query} list={null} />, 400);
  }
  const now = Date.now();
  const page = await pageOfKeys(c.env.DB, query.filter, query.request, now);
  const makers = new Set(page.rows.map(({ createdBy }) => `user:${createdBy}`));
  const names = await namesOf(c.env.DB, [...makers]);
  return renderPage(c, <KeyListPage view={view} query={query} list={{ page, names, now }} />);
});

keyPages.get("/new", (c) => renderPage(c, <NewKeyPage view={viewOf(c)} />));

keyPages.post("/", async (c) => {
  const form = await readFields(c);
  const typed: TypedKey = {
    name: (form.get("name") ?? "").trim(),
    scopes: form.getAll("scopes"),
    days: (form.get("days") ?? "").trim(),
  };
  const days = typed.days === "" ? undefined : Number(typed.days);
  const { name, scopes } = typed;
  const parsed = NewKeyBody.safeParse({ name, scopes, expires_in_days: days });
  if (!parsed.success) {
    const fields = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
    return renderPage(c, <NewKeyPage view={viewOf(c)} typed={typed} problems={fields} />, 400);
  }
  const made = await makeKey(actingOf(c), { ...parsed.data, expiresInDays: days });
  // The form is answered without a redirect: the key is stored nowhere, so no later page could show
  // it.
  const page = <KeyMadePage view={viewOf(c)} name={made.name} value={made.key} />;
  return renderPage(c, page, 201);
});

keyPages.get("/:id/revocation", async (c) => {
  const id = c.req.param("id");
  const key = await findKey(database(c.env), id);
  if (key === null) {
    throw keyNotFound(id);
  }
  return renderPage(c, <RevokeKeyPage view={viewOf(c)} stored={key} />);
});

keyPages.post("/:id/revocation", async (c) => {
  await readForm(c);
  const id = c.req.param("id");
  if (isRefused(await endKey(actingOf(c), id))) {
    throw keyNotFound(id);
  }
  return c.redirect("/admin/keys?done=revoked", 303);
});

function keyNotFound(id: string): AppError {
  return new AppError(404, "key_not_found", `There is no key ${id}.`);
}
