import { MAX_UNREAD, type Theme, THEMES, type View } from "../view";
import { sharedWords } from "../words";

/** The top bar of every page shows where one is, language and theme, and who is signed in. */
export function TopBar({ view }: { view: View }) {
  const { person } = view;
  const t = sharedWords(view);
  return (
    <header class="bar">
      <a class="brand" href="/">
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M2 5h9M2 10h6M2 15h9" stroke="currentColor" stroke-width="2" fill="none" />
          <path d="M12 10.5l2.5 2.5L19 7" stroke="currentColor" stroke-width="2" fill="none" />
        </svg>
        {t("product.name")}
      </a>
      <nav aria-label={t("nav.main")}>
        <NavLink view={view} href="/admin" label={t("nav.dashboard")} />
        <NavLink view={view} href="/admin/tasks" label={t("nav.tasks")} />
        <NavLink view={view} href="/admin/failures" label={t("nav.failures")} />
        <NavLink view={view} href="/admin/orders" label={t("nav.orders")} />
        <NavLink view={view} href="/admin/queues" label={t("nav.queues")} />
        <NavLink view={view} href="/admin/run" label={t("nav.run")} />
        {person?.role === "admin" && (
          <details class="menu">
            <summary>{t("nav.admin")}</summary>
            <div>
              <NavLink view={view} href="/admin/people" label={t("nav.people")} />
              <NavLink view={view} href="/admin/keys" label={t("nav.keys")} />
              <NavLink view={view} href="/admin/audit" label={t("nav.audit")} />
            </div>
          </details>
        )}
      </nav>
      <Preferences view={view} />
      {person ? (
        <form class="person" method="post" action="/sign-out">
          <Bell view={view} />
          <a
            href="/admin/account"
            title={t("nav.signedInAs", { email: person.email, role: t(`role.${person.role}`) })}
          >
            <bdi>{person.email}</bdi> · {t(`role.${person.role}`)}
          </a>
          <button class="plain">{t("nav.signOut")}</button>
        </form>
      ) : (
        <div class="person">
          <a href={`/sign-in?next=${encodeURIComponent("/admin/tasks")}`}>{t("nav.signIn")}</a>
        </div>
      )}
    </header>
  );
}

/** Links to the notifications, with the count of unread ones. */
async function Bell({ view }: { view: View }) {
  const { url } = view;
  const t = sharedWords(view);
  const unread = await view.unread;
  const shown = unread >= MAX_UNREAD ? `${MAX_UNREAD - 1}+` : String(unread);
  const current = url.pathname.startsWith("/admin/notifications") ? "page" : undefined;
  return (
    <a class="bell" href="/admin/notifications" aria-current={current}>
      {t("nav.notifications")}
      {unread > 0 && (
        <>
          {" "}
          <span class="unread" data-unread="">
            {shown}
            <span class="unseen"> {t("bell.unread")}</span>
          </span>
        </>
      )}
    </a>
  );
}

function NavLink({ view, href, label }: { view: View; href: string; label: string }) {
  const { pathname } = view.url;
  const current =
    pathname === href
      ? "page"
      : href !== "/admin" && pathname.startsWith(`${href}/`)
        ? "true"
        : undefined;
  return (
    <a href={href} aria-current={current}>
      {label}
    </a>
  );
}

function Preferences({ view }: { view: View }) {
  const { language, theme, person, url, from } = view;
  const t = sharedWords(view);
  const back = new URL(from ?? url);
  back.searchParams.delete("lang"); // a `lang` in the address would override the choice
  const other = language === "es" ? "en" : "es";
  const next: Theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
  return (
    <form class="preferences" method="post" action="/preferences">
      <input type="hidden" name="back" value={back.pathname + back.search} />
      <button
        class="plain"
        name="lang"
        value={other}
        lang={other}
        title={t("preferences.language")}
      >
        <span aria-hidden="true">{t("preferences.languageCode")}</span>
        <span class="unseen">{t("preferences.language")}</span>
      </button>
      <button class="plain" name="theme" value={next}>
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" />
          {theme !== "light" && (
            <path
              d={theme === "dark" ? "M8 2a6 6 0 000 12a6 6 0 000-12" : "M8 2a6 6 0 000 12z"}
              fill="currentColor"
            />
          )}
        </svg>
        <span class="wide">
          {t("preferences.theme")}: {t(`theme.${theme}`)}
        </span>
      </button>
      {person && (
        <button
          class="plain opens-shortcuts"
          type="button"
          title={t("shortcuts.title")}
          hidden
          data-opens-shortcuts=""
        >
          <kbd aria-hidden="true">?</kbd>
          <span class="unseen">{t("shortcuts.title")}</span>
        </button>
      )}
    </form>
  );
}
