/** A list's plan says how it finds its rows: which index it walks, and what it asks of each row. */
import { storedForms } from "../../caller";
import { Conditions } from "../../db/conditions";
import { sql, statement } from "../../db/sql";
import { invalidCursor, MAX_SCANNED, MAX_SORTED, type PageRequest } from "../../http/paging";
import { fold, formsOf, wordFinder } from "../../lib/fold";
import { gist } from "./error-gist";
import { IdRange } from "./id-range";
import { asKept, firstIdAt, isBatchId, isTaskId, batchRange } from "../../lib/ids";
import { type Lease, LEASED } from "../model/leases";
import type { TaskColumns } from "../model/schema";
import { FAILED, OPEN, runsElsewhere, TRACKED, type Status } from "../model/states";
import type { Order, TaskFilter } from "./task-filter";

/** Looked is a row as a list looks at it. */
export interface Looked extends Pick<
  TaskColumns,
  "id" | "name" | "module" | "queue" | "started_at" | "progress" | "worker"
> {
  hit: number;
  /** The code and, in `message`, the text of its error; null where nothing asks for them. */
  error_code: TaskColumns["error_code"];
  /** The size of its large fields, which are not read. */
  bytes: number;
  message: string | null;
}

/** Test decides what SQL does not; the holder is the lease that lists the row. */
type Test = (row: Looked, holder: Lease | undefined) => boolean;

/** Restriction is what a row must meet besides the filter. */
export interface Restriction {
  sql: string;
  test: Test;
}

/**
 * Scan says what to read: the index to walk, the range of it, and what each row in it must meet.
 */
export interface Scan {
  index: string;
  range: Conditions;
  ids: IdRange;
  match: Conditions;
  /** Tests that need the lease; `texts` are those that need only the row. */
  tests: Test[];
  texts: ((row: Looked) => boolean)[];
  /** Whether the row's error is read too. */
  readsError: boolean;
  /** Whether only open rows are asked for, and no index finds fewer than that of open rows. */
  isOpen: boolean;
  isUpwards: boolean;
}

/** Plans a page of the list, restricted to what meets `only`. */
export async function planPage(
  db: D1Database,
  filter: TaskFilter,
  { cursor }: PageRequest,
  { order = "newest", only }: { order?: Order; only?: Restriction },
): Promise<Scan> {
  const scan = await plan(db, filter);
  if (only) {
    scan.match.add(only.sql);
    scan.tests.push(only.test);
  }
  scan.isUpwards = (order === "oldest") !== (cursor?.direction === "previous");
  if (cursor) {
    const id = cursorId(cursor.key[0]);
    scan.ids[scan.isUpwards ? "above" : "below"](id);
  }
  return scan;
}

async function plan(db: D1Database, filter: TaskFilter): Promise<Scan> {
  const scan: Scan = {
    index: "",
    range: new Conditions(),
    ids: new IdRange(),
    match: new Conditions(),
    tests: [],
    texts: [],
    readsError: false,
    isOpen: false,
    isUpwards: false,
  };
  const { ids, match } = scan;
  if (filter.lote !== undefined) {
    const [first, last] = batchRange(filter.lote);
    ids.from(first).upTo(last);
  }
  if (filter.from !== undefined) {
    ids.from(firstIdAt(filter.from));
  }
  if (filter.before !== undefined) {
    ids.below(firstIdAt(filter.before));
  }
  if (filter.status !== undefined) {
    const { sql, test } = showsAs(filter.status);
    match.add(sql);
    scan.tests.push(...(test ? [test] : []));
  }
  const person = await personToWalk(db, filter);
  if (filter.user !== undefined && person === null) {
    match.addAny("user", storedForms(filter.user));
  }
  for (const column of ["module", "name"] as const) {
    const value = filter[column];
    if (value !== undefined) {
      const folded = fold(value);
      scan.texts.push((row) => fold(row[column]) === folded);
    }
  }
  if (filter.discarded !== undefined) {
    match.add(`discard_reason IS ${filter.discarded ? "NOT NULL" : "NULL"}`);
  }
  if (filter.codes !== undefined) {
    match.addAny("error_code", filter.codes);
  }
  if (filter.message !== undefined) {
    const { message } = filter;
    scan.readsError = true;
    scan.texts.push((row) => gist(row.message) === message);
  }
  if (filter.worker !== undefined) {
    const worker = fold(filter.worker);
    const isWorker = (name: string | null | undefined) => fold(name ?? "") === worker;
    scan.tests.push((row, holder) => isWorker(row.worker) || isWorker(holder?.worker));
  }
  if (filter.ids !== undefined) {
    finder(scan).add("id IN (SELECT value FROM json_each(:ids))", {
      ids: JSON.stringify(filter.ids),
    });
  }
  if (filter.subject !== undefined) {
    const known = await subjectsKnown(db, filter.subject);
    findSubjects(known.length > 0 ? known : [filter.subject], scan, "subject");
  }
  if (filter.search !== undefined) {
    await search(db, filter.search, scan);
  }
  if (person !== null) {
    finder(scan, "INDEXED BY tasks_person").add(OF_PERSON, { person });
  } else if (scan.range.isEmpty && filter.lote === undefined && filter.status !== undefined) {
    await walkIndexOf(db, filter.status, scan);
  }
  return scan;
}

/** Returns where to put what finds rows: the first is walked, later ones are asked of each row. */
function finder(scan: Scan, index = ""): Conditions {
  if (!scan.range.isEmpty) {
    return scan.match;
  }
  scan.index = index;
  return scan.range;
}

const OF_PERSON = "substr(user, 1, 5) = 'user:' AND user = :person";
const HAS_TASKS = sql(`SELECT 1 FROM tasks INDEXED BY tasks_person WHERE ${OF_PERSON} LIMIT 1`);

/**
 * Returns the person, "user:ID", whose rows of the index `tasks_person` are to be walked; null where
 * another index finds fewer. A bare id is a person's if that index has it.
 */
async function personToWalk(
  db: D1Database,
  { ids, subject, search: text, lote, user }: TaskFilter,
): Promise<string | null> {
  const finer = ids ?? subject ?? text ?? lote;
  const person = storedForms(user ?? "").find((form) => form.startsWith("user:"));
  if (finer !== undefined || user === undefined || person === undefined) {
    return null;
  }
  const isKnown = person === user || (await HAS_TASKS.on(db, { person }).first()) !== null;
  return isKnown ? person : null;
}

const isRunning: Test = (row, holder) => holder !== undefined || runsElsewhere(row);

/** Returns how a state shows in columns and leases: states.ts says why some are not stored. */
function showsAs(status: Status | "OPEN"): { sql: string; test?: Test } {
  switch (status) {
    case "OPEN":
      return { sql: OPEN };
    case "STARTED":
      return { sql: `${OPEN} AND progress IS NULL`, test: isRunning };
    case "PROGRESS":
      return { sql: `${OPEN} AND progress IS NOT NULL`, test: isRunning };
    case "PENDING":
    case "RETRY":
      return { sql: `status = '${status}'`, test: (row, holder) => !isRunning(row, holder) };
    case "SUCCESS":
    case "FAILURE":
    case "REVOKED":
      return { sql: `status = '${status}'` };
    default:
      throw new Error(`Not a state: ${JSON.stringify(status satisfies never)}`);
  }
}

async function walkIndexOf(db: D1Database, status: Status | "OPEN", scan: Scan): Promise<void> {
  if (status === "FAILURE" || status === "REVOKED") {
    scan.index = "INDEXED BY tasks_failed";
    scan.range.add(FAILED);
  } else if (status === "STARTED" || status === "PROGRESS") {
    const elsewhere = await runningElsewhere(db);
    if (elsewhere !== null) {
      scan.range.add(`id IN (${LEASED} UNION ALL SELECT value FROM json_each(:elsewhere))`, {
        elsewhere: JSON.stringify(elsewhere),
      });
    }
  } else {
    scan.isOpen = status !== "SUCCESS";
  }
}

const OPEN_ELSEWHERE = sql(
  `
SELECT id, queue, started_at, progress FROM tasks INDEXED BY tasks_open
WHERE queue = '${TRACKED}' AND ${OPEN} LIMIT ${MAX_SCANNED + 1}`,
  [],
);

/** Returns the ids of tracked work that runs; null where there is too much to look at. */
async function runningElsewhere(db: D1Database): Promise<string[] | null> {
  const { results } =
    await OPEN_ELSEWHERE.on(db).all<
      Pick<TaskColumns, "id" | "queue" | "started_at" | "progress">
    >();
  const running = results.filter(runsElsewhere).map(({ id }) => id);
  return results.length > MAX_SCANNED || running.length > MAX_SORTED ? null : running;
}

async function search(db: D1Database, text: string, scan: Scan): Promise<void> {
  const id = asKept(text);
  if (isTaskId(id)) {
    finder(scan).add("id = :id", { id });
    return;
  }
  const batchId = text.toLowerCase();
  if (isBatchId(batchId)) {
    const [first, last] = batchRange(batchId);
    finder(scan).add("id BETWEEN :first AND :last", { first, last });
    return;
  }
  const named = new Conditions();
  named.addAny("external_id", formsOf(text));
  const tracked = await statement(
    db,
    `SELECT id FROM tasks WHERE ${named.sql} LIMIT 1`,
    named.values,
  ).first<string>("id");
  if (tracked !== null) {
    finder(scan).add("id = :id", { id: tracked });
    return;
  }
  const subjects = await subjectsKnown(db, text);
  if (subjects.length > 0) {
    findSubjects(subjects, scan, "searched");
    return;
  }
  finder(scan, "INDEXED BY tasks_failed").add(FAILED);
  scan.readsError = true;
  const hasWords = wordFinder(text);
  scan.texts.push(({ error_code, message }) => hasWords(`${error_code ?? ""} ${message ?? ""}`));
}

/** Finds rows by the index of subjects, which is in the list's order if there is one subject. */
function findSubjects(subjects: readonly string[], scan: Scan, name: string): void {
  finder(scan, "INDEXED BY tasks_subject").addAny("subject", subjects, name);
}

const KNOWN_SUBJECTS = sql(`
SELECT value FROM json_each(:forms) WHERE EXISTS (SELECT 1 FROM tasks WHERE subject = value)`);

/** Returns those Unicode forms of a subject that tasks have. */
async function subjectsKnown(db: D1Database, subject: string): Promise<string[]> {
  const forms = JSON.stringify(formsOf(subject));
  const { results } = await KNOWN_SUBJECTS.on(db, { forms }).all<{ value: string }>();
  return results.map(({ value }) => value);
}

function cursorId(id: unknown): string {
  if (typeof id !== "string" || !isTaskId(id)) {
    throw invalidCursor();
  }
  return id;
}
