// @ts-check
/**
 * Keyboard shortcuts follow the sheet in the page, which lists them and holds their links, so a key
 * does nothing that a link, a field or a box of the page does not. They are single letters, so the
 * sheet can switch them off (WCAG 2.1.4); this browser remembers that.
 */

const MEMORY = "shortcuts";
/** After `g` the letter of a page must follow within this time. */
const GO_MS = 1500;
/** TYPING matches fields in which a letter is input; in a menu it chooses. */
const TYPING =
  "textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])";
const ROWS = "main :is(.rows tbody tr, .recent li, .notes li)";

export function startShortcuts() {
  const sheet = document.querySelector("dialog[data-shortcuts]");
  if (!(sheet instanceof HTMLDialogElement)) {
    return; // nobody is signed in
  }
  const announcer = document.querySelector("[data-announcer]");
  let wentAt = 0;

  const show = () => {
    if (!sheet.open) {
      sheet.showModal(); // the browser returns the focus when it closes
    }
  };

  /** @param {string} selector */
  const press = (selector) => {
    const element = document.querySelector(selector);
    if (element instanceof HTMLElement) {
      element.click();
    }
  };

  /** @param {-1 | 1} step */
  const move = (step) => {
    const links = [...document.querySelectorAll(ROWS)].map(linkOf).filter((link) => link !== null);
    const current = linkOf(rowInFocus());
    const here = links.findIndex((link) => link === current);
    const next = here < 0 ? links.at(step === 1 ? 0 : -1) : links[here + step];
    next?.focus({ preventScroll: true });
    next?.closest(ROWS)?.scrollIntoView({ block: "nearest" });
  };

  const toggle = () => {
    const box = rowInFocus()?.querySelector("input[type=checkbox]");
    if (box instanceof HTMLInputElement) {
      box.click();
      const picked = box.form?.querySelectorAll("input[type=checkbox]:checked").length ?? 0;
      if (announcer) {
        announcer.textContent = (sheet.dataset["picked"] ?? "").replace("{count}", String(picked));
      }
    }
  };

  /** @type {Record<string, () => void>} */
  const actions = {
    "?": show,
    "/": () => {
      const field = document.querySelector(`main [role=search] :is(${TYPING}):not([type=hidden])`);
      if (field instanceof HTMLElement) {
        field.focus();
      }
      if (field instanceof HTMLInputElement) {
        field.select();
      }
    },
    g: () => (wentAt = Date.now()),
    j: () => move(1),
    k: () => move(-1),
    o: () => linkOf(rowInFocus())?.click(),
    x: toggle,
    n: () => press("main a[rel=next]"),
    p: () => press("main a[rel=prev]"),
  };

  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    const { target, shiftKey, repeat } = event;
    const isTyping =
      target instanceof HTMLElement && (target.isContentEditable || target.matches(TYPING));
    if (event.key === "Escape" && !sheet.open) {
      leave(isTyping);
      return;
    }
    if (
      isTyping ||
      sheet.open ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.isComposing ||
      event.defaultPrevented ||
      !areOn()
    ) {
      return;
    }
    const key = shiftKey ? event.key : event.key.toLowerCase(); // caps lock must not matter
    const isGoing = Date.now() - wentAt < GO_MS;
    wentAt = 0;
    if (isGoing && /^[a-z]$/.test(key)) {
      press(`[data-go="${key}"]`);
    } else if (Object.hasOwn(actions, key) && (!repeat || key === "j" || key === "k")) {
      actions[key]?.();
    } else {
      return;
    }
    event.preventDefault();
  };
  document.addEventListener("keydown", hear);

  const opener = document.querySelector("[data-opens-shortcuts]");
  if (opener instanceof HTMLElement) {
    opener.hidden = false;
    opener.addEventListener("click", show);
  }
  const box = sheet.querySelector("input");
  if (box) {
    box.checked = areOn();
    box.addEventListener("change", () => turn(box.checked));
  }
}

/** Leaves a search or a list; what was typed stays. */
function leave(/** @type {boolean} */ isTyping) {
  const { activeElement } = document;
  const isSearching = isTyping && activeElement?.closest("[role=search]");
  if (activeElement instanceof HTMLElement && (isSearching || rowInFocus())) {
    activeElement.blur();
  }
}

function rowInFocus() {
  return document.activeElement?.closest(ROWS) ?? null;
}

/**
 * Returns a row's first link, which is what the row is about; null for a row that is not shown.
 * @param {Element | null} row
 */
function linkOf(row) {
  const link = row?.querySelector("th a[href]") ?? row?.querySelector("a[href]");
  return link instanceof HTMLElement && link.getClientRects().length > 0 ? link : null;
}

/** Tells whether shortcuts are on, which they are where nothing can be remembered. */
function areOn() {
  try {
    return localStorage.getItem(MEMORY) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} on */
function turn(on) {
  try {
    localStorage.setItem(MEMORY, on ? "on" : "off");
  } catch {
    // without storage they stay on
  }
}
