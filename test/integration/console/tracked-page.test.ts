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
