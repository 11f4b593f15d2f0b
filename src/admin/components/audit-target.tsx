import type { AuditEntry } from "../../audit/audit";
import { shortId } from "../format";

interface AuditTargetProps {
  entry: AuditEntry;
  /** Of callers as stored. */
  names: ReadonlyMap<string, string>;
}

/** What it was done to, by name, with the way there. */
export function AuditTarget({ entry, names }: AuditTargetProps) {
  const { action, target, detail } = entry;
  const id = encodeURIComponent(target);
  const [kind = ""] = action.split(".");
  switch (kind) {
    case "task":
    case "tasks":
    case "export":
      return <Way to={`/admin/tasks/${id}`} title={target} name={shortId(target)} />;
    case "order": // deleted: what is left of it is its tasks
      return <Way to={`/admin/tasks?q=${id}`} title={target} name={target} />;
    case "key":
      return (
        <Way
          to={`/admin/keys?q=${id}`}
          title={target}
          name={names.get(`key:${target}`) ?? target}
        />
      );
    case "person": {
      const email = detail?.["email"];
      const stored = names.get(`user:${target}`);
      return stored === undefined ? (
        <bdi>{typeof email === "string" ? email : target}</bdi>
      ) : (
        <Way to={`/admin/people/${id}`} title={target} name={stored} />
      );
    }
    case "queue":
      return <Way to="/admin/queues" title={target} name={target} />;
    default:
      return <bdi>{target}</bdi>;
  }
}

function Way({ to, title, name }: { to: string; title: string; name: string }) {
  return (
    <a href={to} title={title}>
      <bdi>{name}</bdi>
    </a>
  );
}
