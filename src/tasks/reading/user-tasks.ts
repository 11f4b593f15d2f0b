/** A user's tasks are what a person or a key started, with what became of it. */
import { sql } from "../../db/sql";
import {
  cutPage,
  MAX_PAGE_BYTES,
  MAX_SCANNED,
  type Page,
  type PageRequest,
} from "../../http/paging";
import { nameMatcher } from "../../lib/fold";
import { heldBy, LEASES, readLeases } from "../model/leases";
import { listTasks } from "./list";
import { getTasks, LARGE_BYTES, type TaskView } from "../model/queries";
import type { TaskColumns } from "../model/schema";
import { shownAs, type Status, type StoredStatus } from "../model/states";

export interface UserStats extends Record<
  "total" | "pending" | "started" | "success" | "failure" | "revoked",
  number
> {
  /** Whether there are more than the latest 1,000 tasks, so that more may match. */
  capped: boolean;
}

interface Latest extends Pick<
  TaskColumns,
  "id" | "user" | "module" | "queue" | "started_at" | "progress"
> {
  status: StoredStatus;
  bytes: number;
}

const latest = (from: string) =>
  sql(
    `SELECT id, user, module, queue, status, started_at, progress, ${LARGE_BYTES} AS bytes
     FROM tasks ${from} ORDER BY id DESC LIMIT ${MAX_SCANNED + 1}`,
    ["user"],
  );
const LATEST_OF_PERSON = latest(
  "INDEXED BY tasks_person WHERE substr(user, 1, 5) = 'user:' AND user = :user",
);
/** A key's tasks have no index, so the latest tasks of everybody are looked at. */
const LATEST_OF_OTHER = latest("WHERE :user IS NOT NULL");

/** A page has half of the usual bytes, as its answer holds each result twice. */
const PAGE_BYTES = MAX_PAGE_BYTES / 2;

/**
 * Lists a page of a user's tasks, newest first, and counts states among those of the latest 1,000 that
 * match. The first page is cut out of these.
 */
export async function listUserTasks(
  db: D1Database,
  user: string,
  { module, status }: { module?: string; status?: Status },
  asking: PageRequest,
): Promise<{ page: Page<TaskView>; stats: UserStats }> {
  const request = { ...asking, maxBytes: PAGE_BYTES };
  const read = user.startsWith("user:") ? LATEST_OF_PERSON : LATEST_OF_OTHER;
  const [found, leases] = await db.batch([read.on(db, { user }), LEASES.on(db)]);
  const holders = heldBy(readLeases(leases));
  const isAsked = nameMatcher(module);
  const rows = ((found?.results ?? []) as Latest[]).map((row) => {
    const shows = shownAs(row, holders.has(row.id));
    const isHit = row.user === user && isAsked(row.module) && (status ?? shows) === shows;
    return { id: row.id, bytes: row.bytes, shows, hit: Number(isHit) };
  });
  const matching = rows.slice(0, MAX_SCANNED).filter(({ hit }) => hit);
  const stats = countStates(
    matching.map(({ shows }) => shows),
    rows.length > MAX_SCANNED,
  );
  if (request.cursor) {
    return { page: await listTasks(db, { user, module, status }, request), stats };
  }
  const page = cutPage(rows, request, MAX_SCANNED, ({ id }) => [id]);
  const ids = page.rows.map(({ id }) => id);
  return { page: { ...page, rows: await getTasks(db, ids) }, stats };
}

const COUNTED_AS = {
  PENDING: "pending",
  RETRY: "pending",
  STARTED: "started",
  PROGRESS: "started",
  SUCCESS: "success",
  FAILURE: "failure",
  REVOKED: "revoked",
} as const satisfies Record<Status, keyof UserStats>;

function countStates(states: readonly Status[], capped: boolean): UserStats {
  const none = { pending: 0, started: 0, success: 0, failure: 0, revoked: 0 };
  const stats = { total: states.length, ...none, capped };
  for (const status of states) {
    stats[COUNTED_AS[status]] += 1;
  }
  return stats;
}
