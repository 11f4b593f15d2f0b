import type { AuditEntry } from "../../audit/audit";
import { bareId } from "../../caller";
import { shortId } from "../shared/format";

interface AuditTargetProps {
  entry: AuditEntry;
  /** `names` maps callers, as stored, to display names. */
  names: ReadonlyMap<string, string>;
}

const kindOf = (action: string) => action.replace(/\..*/, "");

/**
 * Returns the person or key it was done to, or whose tasks it was done to, as stored; null for
 * others.
 */
export function callerMeant({ action, target }: AuditEntry): string | null {
  switch (kindOf(action)) {
    case "person":
      return `user:${target}`;
    case "key":
      return `key:${target}`;
    case "tasks":
      return /^(user|key):/.test(target) ? target : null;
    default:
      return null;
  }
}

/** Shows what it was done to, by name and as a link. */
export function AuditTarget({ entry, names }: AuditTargetProps) {
  const { action, target, detail } = entry;
  const caller = callerMeant(entry);
  if (caller !== null) {
    return <Caller caller={caller} name={names.get(caller)} email={detail?.["email"]} />;
  }
  const id = encodeURIComponent(target);
  switch (kindOf(action)) {
    case "task":
    case "tasks":
    case "export":
      return <Way to={`/admin/tasks/${id}`} title={target} name={shortId(target)} />;
    case "order": // a deleted order has only its tasks left
      return <Way to={`/admin/tasks?q=${id}`} title={target} name={target} />;
    case "queue":
      return <Way to="/admin/queues" title={target} name={target} />;
    default:
      return <bdi>{target}</bdi>;
  }
}

interface CallerProps {
  caller: string;
  name: string | undefined;
  email: unknown;
}

function Caller({ caller, name, email }: CallerProps) {
  const bare = bareId(caller);
  const id = encodeURIComponent(bare);
  if (caller.startsWith("key:")) {
    return <Way to={`/admin/keys?q=${id}`} title={bare} name={name ?? bare} />;
  }
  return name === undefined ? (
    <bdi>{typeof email === "string" ? email : bare}</bdi>
  ) : (
    <Way to={`/admin/people/${id}`} title={bare} name={name} />
  );
}

function Way({ to, title, name }: { to: string; title: string; name: string }) {
  return (
    <a href={to} title={title}>
      <bdi>{name}</bdi>
    </a>
  );
}
