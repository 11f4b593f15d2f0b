import type { View } from "../shared/view";
import { failuresWords } from "./words";

const TABS = [
  ["/admin/failures", "failures.title"],
  ["/admin/dead-letters", "nav.deadLetters"],
] as const;

/** Links the two places where failures wait for somebody. */
export function RepairTabs({ view }: { view: View }) {
  const t = failuresWords(view);
  return (
    <nav class="tabs" aria-label={t("repair.tabs")}>
      {TABS.map(([href, title]) => (
        <a href={href} aria-current={view.url.pathname === href ? "page" : undefined}>
          {t(title)}
        </a>
      ))}
    </nav>
  );
}
