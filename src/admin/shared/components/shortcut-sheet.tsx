import type { Child } from "hono/jsx";
import type { View } from "../view";
import { sharedWords, type SharedKey } from "../words";

const PLACES: readonly [letter: string, href: string, name: SharedKey][] = [
  ["d", "/admin", "nav.dashboard"],
  ["t", "/admin/tasks", "nav.tasks"],
  ["f", "/admin/failures", "nav.failures"],
  ["m", "/admin/dead-letters", "nav.deadLetters"],
  ["o", "/admin/orders", "nav.orders"],
  ["q", "/admin/queues", "nav.queues"],
  ["r", "/admin/run", "nav.run"],
  ["n", "/admin/notifications", "nav.notifications"],
  ["u", "/admin/account", "nav.account"],
];

const ADMIN_PLACES: typeof PLACES = [
  ["p", "/admin/people", "nav.people"],
  ["k", "/admin/keys", "nav.keys"],
  ["a", "/admin/audit", "nav.audit"],
];

const LIST_KEYS: readonly [keys: readonly string[], what: SharedKey][] = [
  [["j", "k"], "shortcuts.move"],
  [["o", "Enter"], "shortcuts.open"],
  [["x"], "shortcuts.pick"],
  [["n", "p"], "shortcuts.pages"],
];

const PAGE_KEYS: typeof LIST_KEYS = [
  [["/"], "shortcuts.search"],
  [["?"], "shortcuts.sheet"],
  [["Esc"], "shortcuts.leave"],
];

/** Lists the keyboard shortcuts; the page's script opens it and follows its links (`data-go`). */
export function ShortcutSheet({ view }: { view: View }) {
  const { person } = view;
  const t = sharedWords(view);
  const places = person?.role === "admin" ? [...PLACES, ...ADMIN_PLACES] : PLACES;
  return (
    <dialog
      class="sheet"
      aria-labelledby="shortcuts-title"
      data-shortcuts=""
      data-picked={t("shortcuts.picked")}
    >
      <form class="heading" method="dialog">
        <h2 id="shortcuts-title">{t("shortcuts.title")}</h2>
        <button class="button">{t("shortcuts.close")}</button>
      </form>
      <div class="sheet-columns">
        <section>
          <h3>{t("shortcuts.go")}</h3>
          <dl>
            {places.map(([letter, href, name]) => (
              <Shortcut keys={["g", letter]}>
                <a href={href} data-go={letter}>
                  {t(name)}
                </a>
              </Shortcut>
            ))}
          </dl>
        </section>
        <section>
          <h3>{t("shortcuts.lists")}</h3>
          <dl>
            {LIST_KEYS.map(([keys, what]) => (
              <Shortcut keys={keys}>{t(what)}</Shortcut>
            ))}
          </dl>
          <h3>{t("shortcuts.everywhere")}</h3>
          <dl>
            {PAGE_KEYS.map(([keys, what]) => (
              <Shortcut keys={keys}>{t(what)}</Shortcut>
            ))}
          </dl>
        </section>
      </div>
      <label class="check">
        <input type="checkbox" checked />
        {t("shortcuts.on")}
      </label>
      <p class="note">{t("shortcuts.note")}</p>
    </dialog>
  );
}

function Shortcut({ keys, children }: { keys: readonly string[]; children: Child }) {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd>{key}</kbd>
        ))}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
