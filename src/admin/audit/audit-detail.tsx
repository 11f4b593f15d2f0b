import type { AuditEntry } from "../../audit/audit";
import { ROLES } from "../../caller";
import type { TaskFacts } from "../../tasks/reading/execution";
import { formatCount, shortId } from "../shared/format";
import type { View } from "../shared/view";
import { Badge } from "../shared/components/badge";
import { auditWords } from "./words";

interface AuditDetailProps {
  view: View;
  entry: AuditEntry;
  /** `bulk` is the task of a bulk action, while it is kept. */
  bulk: TaskFacts | undefined;
}

const DAY = 86_400;

/**
 * These members are shown by other columns or in words below, so the list of details leaves them
 * out.
 */
const TOLD = new Set(["email", "name", "action", "reason", "role", "seconds", "as", "filter"]);

/** Shows why and how it was done. */
export function AuditDetail({ view, entry, bulk }: AuditDetailProps) {
  const t = auditWords(view);
  const detail = entry.detail ?? {};
  const role = ROLES.find((known) => known === detail["role"]);
  const { reason, seconds, as, filter } = detail;
  const rest = Object.entries({ ...detail, ...Object(filter) }).filter(([name]) => !TOLD.has(name));
  return (
    <span class="detail">
      {bulk && <BulkResult view={view} bulk={bulk} />}
      {role && <span>{t(`role.${role}`)}</span>}
      {typeof reason === "string" && <q>{reason}</q>}
      {typeof seconds === "number" && (
        <span>
          {t("audit.days", { days: formatCount(view.language, Math.ceil(seconds / DAY)) })}
        </span>
      )}
      {typeof as === "string" && (
        <a href={`/admin/tasks/${encodeURIComponent(as)}`} title={as}>
          {t("audit.as", { id: shortId(as) })}
        </a>
      )}
      {rest.map(([name, value]) => (
        <code>
          {name}={Array.isArray(value) ? value.join(", ") : String(value)}
        </code>
      ))}
    </span>
  );
}

/** Shows how many tasks a bulk action changed, or how far it is. */
function BulkResult({ view, bulk }: { view: View; bulk: TaskFacts }) {
  const t = auditWords(view);
  const { done, matched } = Object(bulk.result_data) as { done?: unknown; matched?: unknown };
  const count = (n: number) => formatCount(view.language, n);
  return typeof done === "number" && typeof matched === "number" ? (
    <strong>{t("audit.bulkDone", { done: count(done), matched: count(matched) })}</strong>
  ) : (
    <Badge view={view} status={bulk.status} />
  );
}
