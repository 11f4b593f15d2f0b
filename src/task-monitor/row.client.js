// @ts-check
/** This file makes the list element of a task. */

/** @type {Record<string, string>} */
const SIGNS = { PENDING: "○", STARTED: "▸", PROGRESS: "◐", RETRY: "↻", SUCCESS: "✓", FAILURE: "✕" };
const RUNNING = new Set(["STARTED", "PROGRESS", "RETRY"]);

/** @typedef {import("./words.client.js").Words} Words */

/**
 * @typedef {object} Item A task as the list shows it.
 * @property {string} id
 * @property {string} name
 * @property {string | null} subject
 * @property {import("./words.client.js").Status} status
 * @property {number} progress
 * @property {number} at
 */

/**
 * A new element with a class and a text.
 * @param {string} tag
 */
export function make(tag, name = "", text = "") {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

/**
 * Sets a text only when it differs, so that screen readers do not repeat what stays.
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/**
 * @param {Item} item
 * @param {Words} words
 * @param {() => void} cancel
 */
export function makeRow({ name, subject }, words, cancel) {
  const row = document.createElement("li");
  const title = make("span", "name", name);
  if (subject !== null) {
    title.append(" ", make("bdi", "quiet", subject));
  }
  const button = make("button", "", words.cancel);
  button.setAttribute("aria-label", `${words.cancel}: ${name} ${subject ?? ""}`.trim());
  button.addEventListener("click", cancel);
  const bar = make("div", "bar");
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", name);
  bar.append(make("i"));
  row.append(title, make("span"), button, bar);
  return row;
}

/**
 * Shows the task's current state in its row.
 * @param {HTMLLIElement} row
 * @param {Item} item
 * @param {Words} words
 * @param {boolean} mayCancel
 */
export function showRow(row, { status, progress }, words, mayCancel) {
  const [, state, button, bar] = /** @type {HTMLElement[]} */ (Array.from(row.children));
  if (!state || !button || !bar) {
    return;
  }
  state.className = status;
  write(state, `${SIGNS[status] ?? "–"} ${words[status] ?? status}`);
  button.hidden = !mayCancel || !RUNNING.has(status);
  bar.hidden = progress <= 0;
  bar.setAttribute("aria-valuenow", String(progress));
  const fill = /** @type {HTMLElement} */ (bar.firstElementChild);
  fill.style.width = `${progress}%`;
}
