import { expect, it } from "vitest";
import { Engine } from "../../src/tasks/model/engine";
import type { Notification } from "../../src/tasks/reading/notifications";
import { toNotificationView } from "../../src/tasks/reading/notification-view";

const row: Notification = {
  id: "n1",
  type: "error",
  task_id: "t1",
  task_name: "nomina.calcular",
  template: null,
  message: "Sin saldo",
  count: 2,
  created_at: 0,
  updated_at: 0,
  read_at: null,
};
const known = { task_name: "nomina.calcular", template: null, count: 2 };

it.each([
  ["before the column is there", {}],
  ["of an older version", { details: null }],
])("shows a row %s", (_which, of) => {
  const view = toNotificationView({ ...row, ...of }, new Engine([]));
  expect(view).toMatchObject({ task_id: "t1", read: false, is_read: false });
  expect(view.details).toEqual(known);
});

it("names tracked work as its owner does, and only there", () => {
  const details = JSON.stringify({ error_code: "lost", external_id: "mine" });
  const view = toNotificationView({ ...row, details }, new Engine([]));
  expect(view.task_id).toBe("mine");
  expect(view.details).toEqual({ ...known, error_code: "lost" });
});
