import type { PropsWithChildren } from "hono/jsx";
import { SCRIPT_URL, STYLESHEET_URL } from "./assets";
import { ShortcutSheet } from "./components/shortcut-sheet";
import { TopBar } from "./components/top-bar";
import type { View } from "./view";
import { sharedWords } from "./words";

const ICON = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><rect width="20" height="20" rx="4" fill="#2b5fd0"/><path d="M5 10.5l3.5 3.5L15 6.5" stroke="#fff" stroke-width="2.5" fill="none"/></svg>`,
)}`;

interface LayoutProps {
  view: View;
  title: string;
  /** `reloadIn` is after how many seconds a browser without JavaScript reloads the page. */
  reloadIn?: number;
}

/** Layout is the frame of every page. */
export function Layout({ view, title, reloadIn, children }: PropsWithChildren<LayoutProps>) {
  const { language, theme } = view;
  const t = sharedWords(view);
  return (
    <html lang={language} data-theme={theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === "auto" ? "light dark" : theme} />
        <title>{`${title} · ${t("product.name")}`}</title>
        <link rel="stylesheet" href={STYLESHEET_URL} />
        <link rel="icon" href={ICON} />
        <script type="module" src={SCRIPT_URL} />
        {reloadIn !== undefined && (
          <noscript>
            <meta http-equiv="refresh" content={String(reloadIn)} />
          </noscript>
        )}
      </head>
      <body>
        <a class="skip" href="#main">
          {t("nav.skip")}
        </a>
        <TopBar view={view} />
        <main id="main" tabindex={-1}>
          {children}
        </main>
        <p class="unseen" aria-live="polite" data-announcer="" />
        {view.person && <ShortcutSheet view={view} />}
      </body>
    </html>
  );
}
