import { shortId } from "../../shared/format";

export function TaskLink({ id }: { id: string }) {
  return (
    <a href={`/admin/tasks/${encodeURIComponent(id)}`}>
      <code>{shortId(id)}</code>
    </a>
  );
}
