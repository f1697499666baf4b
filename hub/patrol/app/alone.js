// A guard who walks alone: says again and again that all is well. The hub waits for it and tells others when it does
// not come; this phone only reminds. What was said is kept like a tap, and goes out when there is signal.
//
//     said     30 min        30 min          due
//              |------------>|------------->|
//     reminds                        |  |  | | | | |

import { byId, h } from "./dom.js";
import { t } from "./words.js";

/** @import { Item } from "./store.js" */

export const CHOICES = [10, 15, 20, 30, 45, 60];
const USUAL_MIN = 30;
const SOON_MS = 3 * 60_000;
const AGAIN_SOON_MS = 60_000;
const AGAIN_OVERDUE_MS = 15_000;

/**
 * @typedef {{ minutes: number, dueMs: number, round: string | null, heard: "all" | "some" | "nothing" }} Alone
 *   `heard`: what has reached the hub of it; of `some` it waits by what was said before
 */

/**
 * What the hub waits for, as far as this phone knows; null: for nothing.
 * @param {Item[]} items by their time @param {string} person @returns {Alone | null}
 */
export function aloneOf(items, person) {
  const words = items.filter((item) => item.kind === "word" && item.fate !== "refused" && item.person === person);
  const last = words.at(-1);
  const minutes = Number(last?.body.minutes ?? 0);
  if (!last || !minutes) return null;
  const sent = words.findLast((item) => item.fate === "sent");
  const heard = last.fate === "sent" ? "all" : sent?.body.minutes ? "some" : "nothing";
  const round = /** @type {string | null} */ (last.body.round ?? null);
  return { minutes, dueMs: last.atMs + minutes * 60_000, round, heard };
}

/** @param {Alone} alone @param {number} nowMs @returns {"calm" | "soon" | "overdue"} */
export function urgencyOf({ dueMs }, nowMs) {
  if (nowMs >= dueMs) return "overdue";
  return dueMs - nowMs <= SOON_MS ? "soon" : "calm";
}

/**
 * Whether to sound and vibrate now.
 * @param {Alone | null} alone @param {number} lastMs when it last did @param {number} nowMs
 */
export function isToRemind(alone, lastMs, nowMs) {
  if (!alone) return false;
  const urgency = urgencyOf(alone, nowMs);
  if (urgency === "calm") return false;
  return nowMs - lastMs >= (urgency === "soon" ? AGAIN_SOON_MS : AGAIN_OVERDUE_MS);
}

/**
 * Asks how often, and begins.
 * @param {number | null | undefined} usual of the round, in minutes @param {(minutes: number) => void} onBegin
 */
export function openAlone(usual, onBegin) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("alone-dialog");
  const first = usual ?? USUAL_MIN;
  const choices = [...new Set([...CHOICES, first])].sort((a, b) => a - b);
  const options = choices.map((n) =>
    h("label", { class: "choice choice-ok" },
      h("input", { type: "radio", name: "alone-minutes", value: n, checked: n === first }),
      h("span", {}, t("minutes", { n }))),
  );
  const begin = (/** @type {Event} */ event) => {
    event.preventDefault();
    const chosen = /** @type {HTMLInputElement} */ (dialog.querySelector("input:checked"));
    dialog.close();
    onBegin(Number(chosen.value));
  };
  byId("alone-body").replaceChildren(
    h("form", { class: "form sheet-form", onsubmit: begin },
      h("h2", { id: "alone-title", tabindex: "-1", autofocus: true }, t("alone_title")),
      h("p", {}, t("alone_how")),
      h("fieldset", { class: "check" }, h("legend", {}, t("alone_every")), h("div", { class: "choices three" }, ...options)),
      h("div", { class: "sheet-end" },
        h("button", { class: "button quiet", type: "button", onclick: () => dialog.close() }, t("close")),
        h("button", { class: "button primary", type: "submit" }, t("alone_begin")))),
  );
  dialog.showModal();
}
