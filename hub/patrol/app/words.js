// The page's words in both languages, and times on the site's clock.

/** @import { Said } from "./plan.js" */

const ALL = JSON.parse(document.body.dataset.words ?? "{}");
const ZONE = document.body.dataset.zone;

/** @type {string} */
let language = document.documentElement.lang;

/** @returns {string} */
export function current() {
  return language;
}

/**
 * Uses the first of these that there are words for; else the page's own.
 * @param {...(string | null | undefined)} wanted
 */
export function use(...wanted) {
  language = wanted.find((one) => one && one in ALL) ?? language;
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) {
    element.textContent = t(/** @type {HTMLElement} */ (element).dataset.t ?? "");
  }
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(/** @type {HTMLElement} */ (element).dataset.tLabel ?? ""));
  }
  document.title = `${t("title")} · ${document.body.dataset.site}`;
}

/** @param {string} key @param {Record<string, unknown>} values @returns {string} */
export function t(key, values = {}) {
  const text = ALL[language][key];
  if (text === undefined) throw new Error(`no words for ${key}`);
  return text.replaceAll(/\{([a-z]+)\}/g, (/** @type {string} */ _, /** @type {string} */ name) => String(values[name]));
}

/** @param {string} key @param {string} other a key that is there @returns {string} */
export function tOr(key, other) {
  return key in ALL[language] ? t(key) : t(other);
}

/** @param {Said | null | undefined} text @returns {string} */
export function say(text) {
  return text ? (text[language] ?? text[language.slice(0, 2)] ?? Object.values(text)[0] ?? "") : "";
}

/** @param {number} ms @returns {string} `14:05` */
export function clock(ms) {
  return format(ms, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** @param {number} ms @returns {string} `14:05`, with its day unless that is today */
export function moment(ms) {
  return isToday(ms) ? clock(ms) : `${day(ms)} ${clock(ms)}`;
}

/** @param {number} ms @returns {boolean} */
export function isToday(ms) {
  return day(ms) === day(Date.now());
}

/** @param {number} ms @returns {string} */
function day(ms) {
  return format(ms, { day: "numeric", month: "numeric" });
}

/** @param {number} ms @returns {string} */
export function minutes(ms) {
  const whole = Math.max(1, Math.round(ms / 60_000));
  return whole < 120 ? t("minutes", { n: whole }) : t("hours", { n: Math.round(whole / 60) });
}

/** @param {number} ms @param {Intl.DateTimeFormatOptions} options */
function format(ms, options) {
  return new Intl.DateTimeFormat(language, { timeZone: ZONE, ...options }).format(ms);
}
