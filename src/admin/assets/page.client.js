// @ts-check
/**
 * What pages gain with JavaScript: times in the reader's zone, and open tasks that refresh by
 * themselves. Served as it is; checked by this folder's tsconfig.json.
 */

const language = document.documentElement.lang;

/** @param {ParentNode} root */
function localizeTimes(root) {
  const whole = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  const precise = new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  });
  for (const element of root.querySelectorAll("time[datetime]")) {
    const time = /** @type {HTMLTimeElement} */ (element);
    const format = time.dataset["precise"] === undefined ? whole : precise;
    time.title = time.dateTime;
    time.textContent = format.format(new Date(time.dateTime));
  }
}

const QUICK_MS = 1000;
const QUIET_MS = 10_000;
const SLOWEST_MS = 30_000;

/**
 * Fetches the page again and again and swaps its live region, until the region says that it has
 * come to its end. Waits while the page is hidden, longer while nothing changes (an order may wait
 * for hours), and longer still while the server fails.
 * @param {HTMLElement} region
 */
function follow(region) {
  const announcer = document.querySelector("[data-announcer]");
  let wait = QUICK_MS;
  let shown = region.innerHTML;
  let status = "";

  /** @param {string} text */
  const announce = (text) => {
    if (announcer && text !== status) {
      announcer.textContent = text;
    }
    status = text;
  };

  const refresh = async () => {
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!response.ok) {
      throw new Error(`Status ${response.status}`);
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (!(fresh instanceof HTMLElement)) {
      throw new Error("Not the same page any more");
    }
    region.dataset["live"] = fresh.dataset["live"];
    if (fresh.innerHTML === shown) {
      wait = Math.min(wait * 1.25, QUIET_MS);
    } else {
      wait = QUICK_MS;
      shown = fresh.innerHTML;
      swap(region, fresh);
      localizeTimes(region);
      announce(region.querySelector("[data-status]")?.textContent ?? "");
    }
  };

  const tick = async () => {
    if (document.hidden) {
      document.addEventListener("visibilitychange", () => void tick(), { once: true });
      return;
    }
    try {
      await refresh();
      region.classList.remove("lost");
    } catch {
      wait = Math.min(wait * 2, SLOWEST_MS);
      region.classList.add("lost");
      announce(region.dataset["lost"] ?? "");
    }
    if (region.dataset["live"] === "open") {
      setTimeout(() => void tick(), wait);
    }
  };

  setTimeout(() => void tick(), wait);
}

/**
 * Replaces the region's content and keeps the keyboard where it was.
 * @param {HTMLElement} region
 * @param {HTMLElement} fresh
 */
function swap(region, fresh) {
  const focused = document.activeElement;
  const href =
    focused && region.contains(focused) && !focused.closest("details")
      ? focused.getAttribute("href")
      : null;
  region.replaceChildren(...fresh.childNodes);
  for (const link of href === null ? [] : region.querySelectorAll("a")) {
    if (link.getAttribute("href") === href) {
      link.focus({ preventScroll: true });
      return;
    }
  }
}

localizeTimes(document);
for (const region of document.querySelectorAll('[data-live="open"]')) {
  follow(/** @type {HTMLElement} */ (region));
}
