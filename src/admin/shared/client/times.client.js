// @ts-check
/**
 * This script shows times in the reader's zone. The server tells them in UTC and leaves the moment
 * in `<time datetime>` and a chart's stretches, and marks where the zone is named. A form that asks
 * for days sends the reader's zone, unless its address has another.
 */

const language = document.documentElement.lang;
const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
/** src/admin/shared/zone.ts names places the same way. */
const place = (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");

/** @param {Intl.DateTimeFormatOptions} options */
const format = (options) => new Intl.DateTimeFormat(language, options);
const clock = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const whole = format({ dateStyle: "medium", timeStyle: "medium" });
const precise = format({ ...clock, second: "2-digit", fractionalSecondDigits: 3 });
const short = format(clock);
const stretch = format({ ...clock, year: "numeric", month: "short", day: "numeric" });

/** @param {ParentNode} root */
export function localizeTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const time = /** @type {HTMLTimeElement} */ (element);
    const { dataset, dateTime } = time;
    const format = "precise" in dataset ? precise : "short" in dataset ? short : whole;
    time.title = dateTime;
    time.textContent = format.format(new Date(dateTime));
  }
  for (const bar of root.querySelectorAll("[data-span] [data-at]")) {
    const title = bar.querySelector("title");
    const from = Date.parse(bar.getAttribute("data-at") ?? "");
    const span = Number(bar.closest("[data-span]")?.getAttribute("data-span"));
    if (title) {
      title.textContent = `${stretch.formatRange(from, from + span)}${title.textContent.replace(/^[^·]*(?= ·)/, "")}`;
    }
  }
  for (const element of root.querySelectorAll("[data-zone]")) {
    if (element instanceof HTMLInputElement) {
      element.value = zone;
    } else {
      element.setAttribute("title", zone);
      element.textContent = element.getAttribute("data-zone") === "place" ? place : zone;
    }
  }
}
