import type { View } from "../shared/view";

const TABS = [
  ["/admin/failures", "failures.title"],
  ["/admin/dead-letters", "deadLetters.title"],
] as const;

/** Between the two places where failures wait for somebody. */
export function RepairTabs({ view }: { view: View }) {
  return (
    <nav class="tabs" aria-label={view.t("repair.tabs")}>
      {TABS.map(([href, title]) => (
        <a href={href} aria-current={view.url.pathname === href ? "page" : undefined}>
          {view.t(title)}
        </a>
      ))}
    </nav>
  );
}
