// @ts-check
/**
 * What pages gain with JavaScript: times in the reader's zone, shortcuts of the keyboard, and tasks
 * that change before one's eyes. A live region says in its attributes what it is about; its rows and the page's title bear
 * `data-task`. Served with what it imports in one file; checked by this folder's tsconfig.json.
 */
import { startLive } from "./live.client.js";
import { startShortcuts } from "./shortcuts.client.js";
import { localizeTimes } from "./times.client.js";

/** @param {Node | undefined} node */
const keyOf = (node) => (node instanceof HTMLElement ? node.dataset["task"] : undefined);

/**
 * Makes one element like another with as few changes as possible, so that the keyboard, a selection
 * or an unfolded part stay where they were. Rows of the same task are the same row.
 * @param {ChildNode} from
 * @param {ChildNode} to
 */
function morph(from, to) {
  if (from.isEqualNode(to)) {
    return;
  }
  const alike = from.nodeName === to.nodeName && keyOf(from) === keyOf(to);
  if (!alike || !(from instanceof Element) || !(to instanceof Element)) {
    from.replaceWith(to);
    return;
  }
  for (const name of from.getAttributeNames()) {
    if (!to.hasAttribute(name) && name !== "open") {
      from.removeAttribute(name);
    }
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) {
      from.setAttribute(name, value);
    }
  }
  const known = new Map([...from.children].map((child) => [keyOf(child), child]));
  let next = from.firstChild;
  for (const child of Array.from(to.childNodes)) {
    const key = keyOf(child);
    const same = key === undefined ? next : known.get(key);
    if (!same) {
      from.insertBefore(child, next);
    } else if (same === next) {
      next = next.nextSibling;
      morph(same, child);
    } else {
      from.insertBefore(same, next);
      morph(same, child);
    }
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

/** A task that is told of again in such a state has changed in what no event tells: it was discarded. */
const ENDED = new Set(["SUCCESS", "FAILURE", "REVOKED"]);

/**
 * Shows what the hub tells of a task before the page is read again. Returns whether more than that
 * has changed.
 * @param {HTMLElement} region
 * @param {import("./live.client.js").Row} row
 */
function patch(region, { id, status, progress, step, stages = [] }) {
  const element = region.querySelector(`[data-task="${id}"]`);
  if (!element) {
    return region.dataset["grows"] !== undefined;
  }
  const words = JSON.parse(region.dataset["words"] ?? "{}");
  const badge = element.querySelector(".badge");
  const state = `badge is-${status.toLowerCase()}`;
  const isSame = badge?.className === state;
  if (badge && !isSame) {
    badge.className = state;
    badge.textContent = words[status];
  }
  for (const stage of stages) {
    const item = element.querySelector(`[data-stage="${stage}"]`);
    const unseen = item?.querySelector(".unseen");
    if (item && unseen) {
      item.className = "is-done";
      unseen.textContent = `: ${words.done}`;
    }
  }
  const bar = region.querySelector("[data-progress]");
  if (progress !== undefined && bar instanceof HTMLProgressElement) {
    bar.value = progress;
    const text = bar.nextElementSibling;
    if (text) {
      text.textContent = `${progress} %${step ? ` · ${step}` : ""}`;
    }
  }
  return !isSame || ENDED.has(status);
}

/**
 * Keeps a region up to date until it says that it has come to its end.
 * @param {HTMLElement} region
 */
function follow(region) {
  const announcer = document.querySelector("[data-announcer]");
  let status = "";

  /** @param {string} text */
  const announce = (text) => {
    if (announcer && text !== status) {
      announcer.textContent = text;
    }
    status = text;
  };

  const read = async () => {
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!response.ok) {
      throw new Error(`Status ${response.status}`);
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (!(fresh instanceof HTMLElement)) {
      throw new Error("Not the same page any more");
    }
    fresh.classList.toggle("lost", region.classList.contains("lost"));
    localizeTimes(fresh);
    morph(region, fresh);
    announce(region.querySelector('[data-status=""]')?.textContent ?? "");
    if (region.dataset["live"] !== "open") {
      stop();
    }
  };

  const stop = startLive({
    async address() {
      const { ticket, about = "" } = region.dataset;
      const query = new URLSearchParams(about);
      if (ticket === "") {
        await read(); // the one this page came with is used
      }
      if (region.dataset["ticket"]) {
        query.set("ticket", region.dataset["ticket"]);
        region.dataset["ticket"] = "";
      }
      return `${location.origin.replace(/^http/, "ws")}/api/live?${query}`;
    },
    changed: (rows) => rows.map((row) => patch(region, row)).includes(true),
    read,
    show(connection) {
      const isLost = connection === "offline";
      region.classList.toggle("lost", isLost);
      if (isLost) {
        announce(region.dataset["lost"] ?? "");
      }
    },
  });
}

startShortcuts();
localizeTimes(document);
for (const region of document.querySelectorAll('[data-live="open"]')) {
  follow(/** @type {HTMLElement} */ (region));
}
