import type { MergedPage } from "../../../archive/merge";
import type { View } from "../view";
import { sharedWords } from "../words";
import { Notice } from "./notice";
import { Time } from "./time";

/** Beside what a row of a list names. */
export function ArchivedMark({ view }: { view: View }) {
  const t = sharedWords(view);
  return <span class="archived">{t("archive.mark")}</span>;
}

/** On the page of what was archived: since when, where that is known. */
export function ArchivedNotice({ view, at }: { view: View; at: number | undefined }) {
  const t = sharedWords(view);
  return (
    <p class="notice is-archived" role="note">
      {t("archive.since")} {at !== undefined && <Time at={at} />}
      {". "}
      {t("archive.kept")}
    </p>
  );
}

/** What a list leaves out, since its copy cannot be read. */
export function DamageNotice({ view, damage }: { view: View } & Pick<MergedPage<never>, "damage">) {
  const t = sharedWords(view);
  if (damage.length === 0) {
    return null;
  }
  return (
    <Notice kind="bad">
      {t("archive.damaged")}{" "}
      {damage
        .map(({ day, generation, first_id, last_id }) =>
          first_id === null || last_id === null
            ? t("archive.damagedDay", { day, generation })
            : t("archive.damagedRecords", { day, first: first_id, last: last_id }),
        )
        .join("; ")}
      {"."}
    </Notice>
  );
}
