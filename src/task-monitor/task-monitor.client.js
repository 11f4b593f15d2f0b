// @ts-check
/**
 * <task-monitor user="…" module="…" batch="…" limit="10" lang="es">: tasks as they run, in any page.
 *
 * On this site it reads with the reader's session. On another site, which ALLOWED_ORIGINS must name,
 * `ticket-url` is that site's own address that answers `{ticket}` (its server asks for one with an
 * API key), or `ticket` is one for the socket alone; with neither the session's cookie goes along.
 * `src` is the site of the tasks, by default where this script came from. `cancel-url` is what a
 * cancel is posted to, by default this site's own route, which another site's page cannot use.
 * Before a cancel the element sends a `task-cancel` event, which may be prevented.
 */
import { startLive } from "../live/live.client.js";
import { make, makeRow, showRow, write } from "./row.client.js";
import { STYLE } from "./style.client.js";
import { WORDS } from "./words.client.js";

const WORKERS_EVERY_MS = 15_000;

/** @typedef {import("./row.client.js").Item} Item */

class TaskMonitor extends HTMLElement {
  static observedAttributes = ["user", "module", "batch", "limit", "src", "lang", "ticket"];

  /** @type {Map<string, Item>} */
  #items = new Map();
  /** @type {Map<string, HTMLLIElement>} */
  #rows = new Map();
  /** @type {(() => void) | undefined} */
  #stop;
  #workersAt = 0;
  #isTicketUsed = false;
  #title = make("strong");
  #workers = make("p");
  #note = make("p", "note");
  #list = make("ul");
  #none = make("p", "note");

  constructor() {
    super();
    const style = make("style", "", STYLE);
    const section = make("section");
    const header = make("header");
    this.#title.id = "title";
    section.setAttribute("aria-labelledby", "title");
    section.setAttribute("role", "region");
    this.#list.setAttribute("role", "list");
    this.#list.setAttribute("aria-labelledby", "title");
    this.#workers.setAttribute("role", "status");
    this.#note.setAttribute("aria-live", "polite");
    header.append(this.#title, this.#workers);
    section.append(header, this.#note, this.#list, this.#none);
    this.attachShadow({ mode: "open" }).append(style, section);
  }

  connectedCallback() {
    this.#start();
  }

  disconnectedCallback() {
    this.#stop?.();
    this.#stop = undefined;
  }

  attributeChangedCallback() {
    this.#isTicketUsed = false;
    if (this.#stop) {
      this.disconnectedCallback();
      this.#start();
    }
  }

  get #words() {
    const language = this.closest("[lang]")?.getAttribute("lang") ?? navigator.language;
    return language.startsWith("en") ? WORDS.en : WORDS.es;
  }

  get #site() {
    return new URL(this.getAttribute("src") ?? "/", import.meta.url).origin;
  }

  get #limit() {
    return Math.min(Math.max(Number(this.getAttribute("limit")) || 10, 1), 100);
  }

  /**
   * The attributes under the names a route has for them.
   * @param {"module" | "task_module"} moduleName
   */
  #filter(moduleName) {
    const query = new URLSearchParams();
    const names = { user: "user", module: moduleName, batch: "lote" };
    for (const [attribute, parameter] of Object.entries(names)) {
      const value = this.getAttribute(attribute);
      if (value) {
        query.set(parameter, value);
      }
    }
    return query;
  }

  #start() {
    this.#items.clear();
    this.#workersAt = 0;
    write(this.#title, this.#words.tasks);
    const read = () => this.#read();
    this.#stop = startLive({
      address: () => this.#address(),
      changed: (rows) => this.#take(rows),
      read,
      show: (connection) => write(this.#note, this.#words[connection]),
    });
    read().catch(() => write(this.#note, this.#words.offline));
  }

  async #address() {
    const query = this.#filter("module");
    const ticket = await this.#ticket();
    if (ticket) {
      query.set("ticket", ticket);
    }
    return `${this.#site.replace(/^http/, "ws")}/api/live?${query}`;
  }

  /** @returns {Promise<string | null>} */
  async #ticket() {
    const url = this.getAttribute("ticket-url");
    if (url) {
      const response = await fetch(url, { cache: "no-store" });
      const answer = await response.json();
      return answer.ticket;
    }
    const given = this.#isTicketUsed ? null : this.getAttribute("ticket");
    this.#isTicketUsed = true;
    return given;
  }

  /** @param {string} path */
  async #get(path) {
    const ticket = this.hasAttribute("ticket-url") ? await this.#ticket() : null;
    const response = await fetch(this.#site + path, {
      credentials: ticket ? "omit" : "include",
      headers: ticket ? { authorization: `Ticket ${ticket}` } : {},
    });
    if (!response.ok) {
      throw new Error(`Status ${response.status}`);
    }
    return response.json();
  }

  async #read() {
    if (this.hasAttribute("ticket") && !this.hasAttribute("ticket-url")) {
      return; // the only ticket is kept for the socket
    }
    const query = this.#filter("task_module");
    query.set("limit", String(this.#limit));
    const { results } = await this.#get(`/api/tasks/executions/?${query}`);
    const old = this.#items;
    this.#items = new Map();
    for (const task of results) {
      this.#items.set(task.task_id, {
        id: task.task_id,
        name: task.task_name,
        subject: task.pedido_id ?? null,
        status: task.status,
        progress: task.progress_percentage,
        at: old.get(task.task_id)?.at ?? 0,
      });
    }
    this.#render();
    if (Date.now() - this.#workersAt > WORKERS_EVERY_MS) {
      this.#workersAt = Date.now();
      await this.#readWorkers();
    }
  }

  /** Shows how many workers run its tasks; the number is left out where it cannot be known. */
  async #readWorkers() {
    const query = this.#filter("task_module");
    const answer = await this.#get(`/api/tasks/workers/?${query}`).catch(() => null);
    const { worker, workers } = this.#words;
    // The answer is an envelope while the site runs an older version than this script.
    const count = Array.isArray(answer) ? answer.length : answer?.count;
    const text = typeof count === "number" ? `${count} ${count === 1 ? worker : workers}` : "";
    write(this.#workers, text);
  }

  /** @param {import("../live/live.client.js").Row[]} rows */
  #take(rows) {
    for (const { id, name, subject, status, at, progress } of rows) {
      const known = this.#items.get(id);
      if (!known || known.at <= at) {
        this.#items.set(id, {
          id,
          name,
          subject,
          status: /** @type {Item["status"]} */ (status),
          progress: status === "SUCCESS" ? 100 : (progress ?? known?.progress ?? 0),
          at,
        });
      }
    }
    this.#render();
    return false;
  }

  /** Shows the newest tasks first: ids begin with the time. */
  #render() {
    const items = [...this.#items.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1));
    for (const { id } of items.splice(this.#limit)) {
      this.#items.delete(id);
    }
    for (const [id, row] of this.#rows) {
      if (!this.#items.has(id)) {
        row.remove();
        this.#rows.delete(id);
      }
    }
    const words = this.#words;
    const mayCancel = this.hasAttribute("cancel-url") || this.#site === location.origin;
    let next = this.#list.firstChild;
    for (const item of items) {
      const row = this.#rows.get(item.id) ?? makeRow(item, words, () => void this.#cancel(item.id));
      this.#rows.set(item.id, row);
      if (row === next) {
        next = next.nextSibling;
      } else {
        this.#list.insertBefore(row, next);
      }
      showRow(row, item, words, mayCancel);
    }
    write(this.#none, items.length === 0 ? this.#words.none : "");
  }

  /** @param {string} id */
  async #cancel(id) {
    const detail = { id };
    const event = new CustomEvent("task-cancel", { detail, bubbles: true, cancelable: true });
    if (!this.dispatchEvent(event)) {
      return;
    }
    const base = this.getAttribute("cancel-url") ?? `${this.#site}/api/tasks/cancel/`;
    const response = await fetch(`${base}${id}/`, { method: "POST" }).catch(() => null);
    if (!response?.ok) {
      write(this.#note, `${this.#words.refused}${response ? ` (${response.status})` : ""}`);
    }
    await this.#read().catch(() => undefined);
  }
}

if (!customElements.get("task-monitor")) {
  customElements.define("task-monitor", TaskMonitor);
}
