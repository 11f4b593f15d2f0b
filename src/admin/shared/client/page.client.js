// @ts-check
/**
 * With this script pages show times in the reader's zone, have keyboard shortcuts, and update tasks
 * and sums live. A live region says in its attributes what it is about; its rows and the page's
 * title have `data-task`. It is served with its imports in one file, and checked by
 * src/tsconfig.client.json.
 */
import { startLive } from "../../../live/live.client.js";
import { morph } from "./morph.client.js";
import { startShortcuts } from "./shortcuts.client.js";
import { localizeTimes } from "./times.client.js";

/** Pages of sums change with every event, so these limit how often they are read and announced. */
const SUMMARY_GAP_MS = 3000;
const SUMMARY_SAID_MS = 15_000;

const NEXT_LINK_PX = 48;

/**
 * A task that is told of again in one of these states has changed in something no event tells: it
 * was discarded.
 */
const ENDED = new Set(["SUCCESS", "FAILURE", "REVOKED"]);

/**
 * Shows what the hub says of a task before the page is read again. Returns whether the page must be
 * read because more has changed.
 * @param {HTMLElement} region
 * @param {import("../../../live/live.client.js").Row} row
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
 * A Status is what a region announces. A change of `key` is announced; it is the whole text unless
 * the region says otherwise.
 * @typedef {{ key: string, text: string }} Status
 *
 * @param {HTMLElement} region
 * @returns {Status}
 */
function statusOf(region) {
  const element = region.querySelector("[data-status]");
  const text = element?.getAttribute("data-said") ?? element?.textContent ?? "";
  return { key: element?.getAttribute("data-status") || text, text };
}

/**
 * Updates the count of unread notifications, which changes with the tasks though the bell is in no
 * region.
 * @param {Document} page
 */
function ringBell(page) {
  const [bell, fresh] = [document, page].map((each) => each.querySelector(".bell"));
  if (bell && fresh) {
    morph(bell, fresh);
  }
}

/**
 * Keeps a region up to date until it says that nothing in it can change any more.
 * @param {HTMLElement} region
 */
function follow(region) {
  const announcer = document.querySelector("[data-announcer]");
  const isSummary = region.dataset["summary"] !== undefined;
  let status = isSummary ? statusOf(region).key : "";
  let saidAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let saying;

  /**
   * Announces a changed status; of several within `gapMs` only the latest.
   * @param {Status} now
   */
  const announce = ({ key, text }, gapMs = 0) => {
    if (key === status) {
      return;
    }
    status = key;
    clearTimeout(saying);
    const say = () => {
      if (announcer) {
        announcer.textContent = text;
      }
      saidAt = Date.now();
    };
    const wait = saidAt + gapMs - Date.now();
    if (wait > 0) {
      saying = setTimeout(say, wait);
    } else {
      say();
    }
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
    ringBell(page);
    announce(statusOf(region), isSummary ? SUMMARY_SAID_MS : 0);
    if (region.dataset["live"] !== "open") {
      stop();
    }
  };

  const stop = startLive({
    async address() {
      const { ticket, about = "" } = region.dataset;
      const query = new URLSearchParams(about);
      if (ticket === "") {
        await read(); // the ticket that came with the page is used up
      }
      if (region.dataset["ticket"]) {
        query.set("ticket", region.dataset["ticket"]);
        region.dataset["ticket"] = "";
      }
      return `${location.origin.replace(/^http/, "ws")}/api/live?${query}`;
    },
    changed: (rows) => isSummary || rows.map((row) => patch(region, row)).includes(true),
    read,
    gap: isSummary ? SUMMARY_GAP_MS : undefined,
    show(connection) {
      const isLost = connection === "offline";
      region.classList.toggle("lost", isLost);
      if (isLost) {
        const text = region.dataset["lost"] ?? "";
        announce({ key: text, text });
      }
    },
  });
}

/**
 * Scrolls the row of links on a phone to the current one, and far enough to show that more follow.
 */
function showPlace() {
  const nav = document.querySelector(".bar nav");
  const place = nav?.querySelector("[aria-current]");
  if (nav && place) {
    const hidden = place.getBoundingClientRect().right - nav.getBoundingClientRect().right;
    nav.scrollLeft += hidden + NEXT_LINK_PX;
  }
}

showPlace();
startShortcuts();
localizeTimes(document);
for (const region of document.querySelectorAll('[data-live="open"]')) {
  follow(/** @type {HTMLElement} */ (region));
}
