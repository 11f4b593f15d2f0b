/** World has the values with which every GET route of the site is asked over a large database. */
export interface World {
  /** An ended order's task, its batch of 2,000, and the order. */
  task: string;
  lote: string;
  order: string;
  /** The administrator's own id, and somebody else's. */
  person: string;
  other: string;
  /** The first and the last day, `YYYY-MM-DD`. */
  from: string;
  to: string;
  /** The cursor of a page in the middle of each list. */
  cursors: Record<"tasks" | "orders" | "notifications" | "audit", string>;
}

type Paths = (world: World) => string[];

const taskFilters: Paths = ({ lote, order, person, from, to, task, cursors }) => [
  "",
  "limit=200",
  `cursor=${cursors.tasks}`,
  ...["PENDING", "STARTED", "PROGRESS", "RETRY", "SUCCESS", "FAILURE", "REVOKED"].flatMap(
    (status) => [`status=${status}`, `status=${status}&cursor=${cursors.tasks}`],
  ),
  `lote=${lote}`,
  `lote=${lote}&status=FAILURE`,
  `pedido=${order}`,
  `user=user:${person}`,
  `user=user:${person}&status=FAILURE`,
  `user=${person}`,
  "user=key:fill-3",
  "user=fill-3",
  "user=nobody",
  "task_module=reports",
  "task_name=reports.yearly",
  "task_name=reports.yearly&status=FAILURE",
  "task_name=none",
  "worker=fill-3",
  "worker=busy",
  "worker=nobody",
  `created_after=${from}T00:00:00Z&created_before=${to}T00:00:00Z`,
  `created_after=${from}T00:00:00Z&created_before=${to}T00:00:00Z&status=PENDING`,
  // The cursor is far from where the filter begins, and its place is where to look on.
  `created_before=2100-01-01T00:00:00Z&cursor=${cursors.tasks}`,
  "discarded=true",
  "status=FAILURE&discarded=true",
  `search=${task}`,
  `search=${lote}`,
  `search=${order}`,
  "search=unknown_sku",
  "search=product 1003 no",
  "search=nothing of this kind",
  "ordering=created_at",
  "ordering=id",
  "ordering=created_at&status=FAILURE",
  "ordering=created_at&status=PENDING",
];

const ownTasks: Paths = ({ cursors }) => [
  "",
  "limit=200",
  `cursor=${cursors.tasks}`,
  "status=FAILURE",
  "status=PENDING",
  "task_module=reports",
];

const taskPages: Paths = ({ lote, order, from, to, task, cursors }) => [
  "",
  `cursor=${cursors.tasks}`,
  "status=FAILURE",
  "status=PENDING",
  "status=STARTED",
  "name=reports.yearly",
  "worker=nobody",
  `lote=${lote}`,
  `from=${from}&to=${to}`,
  `q=${task}`,
  `q=${order}`,
  "q=catalogue 503",
];

const orderFilters: Paths = ({ order, from, to, cursors }) => [
  "",
  "limit=200",
  `cursor=${cursors.orders}`,
  "cliente=ACME Corp",
  `cliente=ACME Corp&cursor=${cursors.orders}`,
  "cliente=nobody",
  `desde=${from}T00:00:00Z&hasta=${to}T00:00:00Z`,
  `cliente=ACME Corp&desde=${from}T00:00:00Z&hasta=${to}T00:00:00Z`,
  `hasta=2100-01-01T00:00:00Z&cursor=${cursors.orders}`,
  `search=${order}`,
  "search=ACME",
  "search=Cliente 00",
  `search=Cliente&cursor=${cursors.orders}`,
  "search=Único",
  "search=Nobody",
];

const orderPages: Paths = ({ order, from, to, cursors }) => [
  "",
  `cursor=${cursors.orders}`,
  "customer=ACME Corp",
  `from=${from}&to=${to}`,
  `q=${order}`,
  "q=ACME",
  "q=Cliente 00",
  "q=Nobody",
];

const notificationFilters: Paths = ({ cursors }) => [
  "",
  "unread=true",
  "read=true",
  "read=false",
  `cursor=${cursors.notifications}`,
];

const auditFilters: Paths = ({ cursors, person }) => [
  "",
  `cursor=${cursors.audit}`,
  `actor=user:${person}`,
  "action=order.delete",
  "target=nothing",
];

const failurePages: Paths = ({ from, to }) => [
  "",
  "module=reports",
  "name=reports.yearly",
  `from=${from}&to=${to}`,
];

const at =
  (path: string, queries: Paths = () => [""]): Paths =>
  (world) =>
    queries(world).map((query) => (query === "" ? path : `${path}?${encodeURI(query)}`));

const ofTask =
  (path: string): Paths =>
  ({ task }) => [path.replace(":id", task), path.replace(":id", "nothing")];
const ofOrder =
  (path: string): Paths =>
  ({ order }) => [path.replace(":id", order), path.replace(":id", "nothing")];

const ofPerson =
  (path: string): Paths =>
  ({ other }) => [path.replace(":id", other)];
const RANGES: Paths = () => ["", "range=day", "range=month"];

/** Every route needs an entry, or the test fails. */
export const READS: Record<string, Paths> = {
  "GET /healthz": at("/healthz"),
  // Assets are named by their content, and read from no database.
  "GET /assets/console.css": () => [],
  "GET /assets/page.js": () => [],
  "GET /assets/:file{console-[0-9a-f]+\\.css}": () => [],
  "GET /assets/:file{page-[0-9a-f]+\\.js}": () => [],
  "GET /task-monitor.js": at("/task-monitor.js"),
  "GET /": at("/"),
  "GET /sign-in": at("/sign-in"),
  "GET /pedidos/iniciar": at("/pedidos/iniciar?n=1"),
  "GET /pedidos/lotes/:batch": ({ lote }) => [`/pedidos/lotes/${lote}`],
  "GET /api/openapi.json": at("/api/openapi.json"),
  "GET /api/docs": at("/api/docs"),
  "GET /api/auth/get-session": at("/api/auth/get-session"),
  "GET /api/auth/list-sessions": at("/api/auth/list-sessions"),
  "GET /api/auth/admin/list-users": at("/api/auth/admin/list-users"),
  "GET /api/auth/admin/get-user": ({ person }) => [`/api/auth/admin/get-user?id=${person}`],
  "GET /admin": at("/admin", RANGES),
  "GET /admin/modules/:module": (world) => [
    ...at("/admin/modules/pedidos", RANGES)(world),
    "/admin/modules/reports",
    "/admin/modules/system", // This module never failed.
  ],
  "GET /admin/queues": at("/admin/queues"),
  "GET /admin/queues/:queue/pauses": at("/admin/queues/orders/pauses"),
  "GET /admin/queues/:queue/resumptions": at("/admin/queues/orders/resumptions"),
  "GET /admin/run": at("/admin/run"),
  "GET /admin/run/tasks/:name": at("/admin/run/tasks/pedidos.procesar"),
  "GET /admin/run/templates": at("/admin/run/templates"),
  "GET /admin/run/templates/:name": at("/admin/run/templates/none"),
  "GET /admin/run/templates/:name/deactivation": at("/admin/run/templates/none/deactivation"),
  "GET /admin/run/templates/:name/runs": at("/admin/run/templates/none/runs"),
  "GET /admin/tasks": at("/admin/tasks", taskPages),
  "GET /admin/tasks/:id": ofTask("/admin/tasks/:id"),
  "GET /admin/tasks/:id/input": ofTask("/admin/tasks/:id/input"),
  "GET /admin/tasks/:id/retries": ofTask("/admin/tasks/:id/retries"),
  "GET /admin/tasks/:id/cancellations": ofTask("/admin/tasks/:id/cancellations"),
  "GET /admin/tasks/:id/discards": ofTask("/admin/tasks/:id/discards"),
  "GET /admin/tasks/:id/replays": ofTask("/admin/tasks/:id/replays"),
  "GET /admin/tasks/bulk/matching": at("/admin/tasks/bulk/matching", () => [
    "action=retry&status=FAILURE",
    "action=discard&name=reports.yearly",
    "action=cancel",
  ]),
  "GET /admin/tasks/bulk/picked": ({ task }) => [
    `/admin/tasks/bulk/picked?action=retry&id=${task}`,
  ],
  "GET /admin/failures": at("/admin/failures", failurePages),
  "GET /admin/dead-letters": at("/admin/dead-letters", () => ["", "discarded=yes"]),
  "GET /admin/notifications": at("/admin/notifications", ({ cursors }) => [
    "",
    `cursor=${cursors.notifications}`,
  ]),
  "GET /admin/orders": at("/admin/orders", orderPages),
  "GET /admin/orders/:id": ofOrder("/admin/orders/:id"),
  "GET /admin/orders/:id/deletion": ofOrder("/admin/orders/:id/deletion"),
  "GET /admin/people": at("/admin/people", () => ["", "q=example"]),
  "GET /admin/people/new": at("/admin/people/new"),
  "GET /admin/people/:id": ofPerson("/admin/people/:id"),
  "GET /admin/people/:id/ban": ofPerson("/admin/people/:id/ban"),
  "GET /admin/people/:id/removal": ofPerson("/admin/people/:id/removal"),
  "GET /admin/account": at("/admin/account"),
  "GET /admin/keys": at("/admin/keys"),
  "GET /admin/keys/new": at("/admin/keys/new"),
  "GET /admin/keys/:id/revocation": at("/admin/keys/none/revocation"),
  "GET /admin/audit": at("/admin/audit", ({ cursors }) => [
    "",
    `cursor=${cursors.audit}`,
    "action=order.delete",
  ]),
  "GET /api/keys": at("/api/keys"),
  "GET /api/pedidos": at("/api/pedidos", orderFilters),
  "GET /api/pedidos/:id": ofOrder("/api/pedidos/:id"),
  "GET /api/tasks/executions": at("/api/tasks/executions", taskFilters),
  "GET /api/tasks/executions/:id": ofTask("/api/tasks/executions/:id"),
  "GET /api/tasks/user-tasks": at("/api/tasks/user-tasks", ownTasks),
  "GET /api/tasks/workers": at("/api/tasks/workers"),
  "GET /api/tasks/flower-info": at("/api/tasks/flower-info"),
  "GET /api/tasks/info": at("/api/tasks/info"),
  "GET /api/tasks/stats": at("/api/tasks/stats", () => [
    "",
    "days=30",
    "days=400",
    "module=reports&days=1",
    "module=system",
  ]),
  "GET /api/tasks/templates": at("/api/tasks/templates", () => ["", "module=pedidos"]),
  "GET /api/tasks/templates/:name": at("/api/tasks/templates/none"),
  "GET /api/tasks/notifications": at("/api/tasks/notifications", notificationFilters),
  "GET /api/task-manager/tasks": at("/api/task-manager/tasks", ({ cursors }) => [
    "",
    `cursor=${cursors.tasks}`,
    "module=reports&since=48",
    "status=FAILURE",
    "status=PROGRESS",
  ]),
  "GET /api/task-manager/tasks/:id": ofTask("/api/task-manager/tasks/:id"),
  "GET /api/task-manager/tasks/status/:task_id": ofTask("/api/task-manager/tasks/status/:id"),
  "GET /api/task-manager/tasks/workers_status": at("/api/task-manager/tasks/workers_status"),
  "GET /api/task-manager/tasks/active_tasks": at("/api/task-manager/tasks/active_tasks"),
  "GET /api/task-manager/tasks/my_tasks": at("/api/task-manager/tasks/my_tasks", () => [
    "",
    "limit=200",
  ]),
  "GET /api/task-manager/tasks/module_tasks": at("/api/task-manager/tasks/module_tasks", () => [
    "module=reports",
    "module=none",
  ]),
  "GET /api/task-manager/notifications": at("/api/task-manager/notifications", ({ cursors }) => [
    "",
    "read=true",
    "read=false",
    `cursor=${cursors.notifications}`,
  ]),
  "GET /api/task-manager/templates": at("/api/task-manager/templates", () => [
    "",
    "module=reports",
  ]),
  "GET /api/audit": at("/api/audit", auditFilters),
  "GET /metrics": at("/metrics"),
  // The route reads to let someone in, though the request is no upgrade.
  "GET /api/live": at("/api/live"),
  "GET /exports/:task_id": at("/exports/none"), // The file is not in the database.
};
