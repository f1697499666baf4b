// The sheet in which a guard pauses a round, goes on, or ends it early and says why. Kept like a tap, sent later.

import { byId, h, icon } from "./dom.js";
import { say, t } from "./words.js";

/** @import { Standing } from "./round.js" */

const REASONS = ["called_away", "weather", "unwell", "no_access"];
const UNDER_WAY = ["due", "in_progress", "late"];

/**
 * What may be decided about a round as it stands.
 * @param {Standing | null} standing @returns {("pause" | "resume" | "finish")[]}
 */
export function ordersOf(standing) {
  if (!standing) return [];
  if (standing.state === "paused") return ["resume", "finish"];
  return UNDER_WAY.includes(standing.state) ? ["pause", "finish"] : [];
}

/** @param {Standing} standing @param {(order: string, reason: string) => void} onDecided */
export function openOrders(standing, onDecided) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("order");
  const decide = (/** @type {string} */ order, /** @type {string} */ reason) => {
    dialog.close();
    onDecided(order, reason);
  };
  const able = ordersOf(standing);
  const other = able.includes("resume") ? "resume" : "pause";
  byId("order-body").replaceChildren(
    h("h2", { id: "order-title", tabindex: "-1", autofocus: true }, say(standing.round.name)),
    h("section", { class: "way" },
      h("h3", {}, icon(other), t(`order.${other}`)),
      h("p", {}, t(`order_how.${other}`)),
      h("button", { class: "button", type: "button", onclick: () => decide(other, "") }, t(`order.${other}`))),
    h("section", { class: "way" }, h("h3", {}, icon("stop"), t("order.finish")), h("p", {}, t("order_how.finish")), finish(decide)),
    h("div", { class: "sheet-end" },
      h("button", { class: "button quiet", type: "button", onclick: () => dialog.close() }, t("close"))),
  );
  dialog.showModal();
}

/** @param {(order: string, reason: string) => void} decide */
function finish(decide) {
  const why = /** @type {HTMLTextAreaElement} */ (
    h("textarea", { id: "order-why", rows: "2", maxlength: "500", required: true }));
  const ready = REASONS.map((name) =>
    h("button", { class: "button", type: "button", onclick: () => (why.value = t(`order_why.${name}`)) }, t(`order_why.${name}`)));
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    const said = why.value.trim();
    if (said) decide("finish", said);
    else why.reportValidity();
  };
  return h("form", { class: "form", onsubmit: send },
    h("label", { for: "order-why" }, t("order_reason")), why,
    h("div", { class: "ready" }, ...ready),
    h("button", { class: "button danger", type: "submit" }, t("order.finish")));
}
