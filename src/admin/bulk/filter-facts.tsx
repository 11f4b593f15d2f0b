import type { TaskQuery } from "../tasks/list/task-query";
import type { View } from "../shared/view";
import { Fact, Facts } from "../shared/components/facts";
import { hasKey } from "../../i18n/words";
import { bulkWords, type BulkKey } from "./words";

const NAMES: Record<keyof TaskQuery["typed"], BulkKey> = {
  q: "list.search",
  status: "tasks.state",
  module: "task.module",
  name: "tasks.name",
  code: "repair.code",
  message: "repair.message",
  discarded: "repair.discarded",
  worker: "tasks.worker",
  lote: "tasks.batch",
  from: "list.fromDay",
  to: "list.toDay",
  zone: "list.zone",
};

/** Shows a filter in words. */
export function FilterFacts({ view, typed }: { view: View; typed: TaskQuery["typed"] }) {
  const t = bulkWords(view);
  const set = (Object.keys(NAMES) as (keyof typeof NAMES)[]).filter((name) => typed[name] !== "");
  return set.length === 0 ? (
    <p>{t("bulk.noFilter")}</p>
  ) : (
    <Facts>
      {set.map((name) => (
        <Fact name={t(NAMES[name])} long={name === "message" || name === "lote"}>
          <bdi>{inWords(view, name, typed[name])}</bdi>
        </Fact>
      ))}
    </Facts>
  );
}

function inWords(view: View, name: string, value: string): string {
  const key = name === "status" ? `status.${value}` : name === "discarded" ? `repair.${value}` : "";
  return hasKey(bulkWords, key) ? bulkWords(view)(key) : value;
}
