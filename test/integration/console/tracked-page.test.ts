import { expect, it } from "vitest";
import { adminSession, call, masterKey } from "../../support/api";
import { JSON_TYPE } from "../../support/api-orders";
import { someWork } from "../../support/tracked";

it("shows whose a tracked task is and who reports on it, by their names", async () => {
  const body = JSON.stringify(someWork({ task_id: "nomina/7" }));
  const headers = { "content-type": JSON_TYPE };
  const init = { method: "POST", body, key: await masterKey(), headers };
  const made = await call("/api/tasks/executions/", init);
  const { id } = await made.json<{ id: string }>();
  const html = await (await call(`/admin/tasks/${id}`, { cookie: await adminSession() })).text();
  expect(html).toMatch(/Su propio id<\/dt><dd[^>]*><bdi><code>nomina\/7</);
  expect(html).toMatch(/Informa<\/dt><dd[^>]*><bdi>[^<:]+<\/bdi>/);
});

it("names who reports on it in the list too, whichever columns are shown", async () => {
  const key = await masterKey();
  const body = JSON.stringify(someWork({ task_id: "nomina/8", task_name: "nomina.lista" }));
  const headers = { "content-type": JSON_TYPE };
  const made = await call("/api/tasks/executions/", { method: "POST", body, key, headers });
  const { worker_name: reporter } = await made.json<{ worker_name: string }>();
  const cookie = await adminSession();
  const rows = async (columns: string) => {
    const look = `${cookie}; tasks_look=${columns}`;
    const html = await (await call("/admin/tasks?name=nomina.lista", { cookie: look })).text();
    return html.slice(html.indexOf("<tbody>"), html.indexOf("</tbody>"));
  };
  for (const columns of ["", "normal.worker", "dense.user.worker"]) {
    const html = await rows(columns);
    expect(html).toMatch(/class="tight worker"><bdi>[^<]+</);
    expect(html).not.toContain(reporter);
  }
});
