// The list of what is looked at in one place: each point in order, not in order with a note and a photo, or a number.

import { h, icon } from "./dom.js";
import { say, t } from "./words.js";

/** @import { Check } from "./plan.js" */

/**
 * @typedef {{ ok: boolean | null, note: string, photos: string[], value?: string }} Answer `value`: of a number, as typed
 * @typedef {(hashes: string[]) => HTMLElement} Photos makes a field for photos
 */

/** @param {Check} check @returns {boolean} */
export function isNumber({ unit }) {
  return typeof unit === "string";
}

/** @param {string} typed @returns {number | null} also with a comma, as some keyboards have it */
export function numberOf(typed) {
  const text = typed.trim().replace(",", ".");
  const value = Number(text);
  return text && Number.isFinite(value) ? value : null;
}

/** @param {Check} check @param {string} typed @returns {boolean | null} whether it is in order; null: no number */
export function isInOrder({ low, high }, typed) {
  const value = numberOf(typed);
  return value === null ? null : value >= (low ?? -Infinity) && value <= (high ?? Infinity);
}

/**
 * What the hub gets.
 * @param {Check} check @param {Answer} answer
 */
export function sentOf(check, { ok, note, photos, value }) {
  return { item: check.item, ok, note, photos, value: isNumber(check) ? numberOf(value ?? "") : null };
}

/**
 * One point of the list. Its element has `draw`, which shows the answer as it is by now.
 * @param {Check} check @param {Answer} answer changed in place @param {() => void} onChange @param {Photos} photos
 * @returns {HTMLElement & { draw: () => void }}
 */
export function checkLine(check, answer, onChange, photos) {
  const { item, name } = check;
  const more = h("div", { class: "check-more" },
    h("label", { for: `note-${item}` }, t("check_note")),
    h("input", { id: `note-${item}`, value: answer.note, maxlength: "500", oninput: (/** @type {any} */ event) => {
      answer.note = event.target.value;
      onChange();
    } }),
    photos(answer.photos),
  );
  const draws = /** @type {(() => void)[]} */ ([() => (more.hidden = answer.ok !== false)]);
  const draw = () => draws.forEach((one) => one());
  const changed = () => {
    draw();
    onChange();
  };
  const field = isNumber(check) ? numberField(check, answer, changed, draws) : choices(item, answer, changed, draws);
  const line = h("fieldset", { class: "check", "data-item": item }, h("legend", {}, say(name)), field, more);
  draw();
  return Object.assign(line, { draw });
}

/** @param {string} item @param {Answer} answer @param {() => void} changed @param {(() => void)[]} draws */
function choices(item, answer, changed, draws) {
  const choice = (/** @type {boolean} */ ok) => {
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "radio", name: `check-${item}`, onchange: () => {
      answer.ok = ok;
      changed();
    } }));
    draws.push(() => (input.checked = answer.ok === ok));
    return h("label", { class: `choice choice-${ok ? "ok" : "crit"}` },
      input, icon(ok ? "ok" : "crit"), h("span", {}, t(ok ? "check_ok" : "check_wrong")));
  };
  return h("div", { class: "choices" }, choice(true), choice(false));
}

/** @param {Check} check @param {Answer} answer @param {() => void} changed @param {(() => void)[]} draws */
function numberField(check, answer, changed, draws) {
  const { item, unit, low, high } = check;
  const said = h("span", { id: `said-${item}`, class: "check-said", role: "status" });
  const input = h("input", {
    id: `number-${item}`, inputmode: "decimal", autocomplete: "off", maxlength: "12", value: answer.value ?? "",
    "aria-label": `${say(check.name)} ${unit}`.trim(), "aria-describedby": `range-${item} said-${item}`,
    oninput: (/** @type {any} */ event) => {
      answer.value = event.target.value;
      answer.ok = isInOrder(check, event.target.value);
      changed();
    },
  });
  draws.push(() => {
    const tone = answer.ok === null ? "" : answer.ok ? "ok" : "crit";
    said.className = `check-said is-${tone || "open"}`;
    said.replaceChildren(...(tone ? [icon(tone), t(answer.ok ? "check_ok" : "check_wrong")] : []));
  });
  return h("div", { class: "check-number" }, input, h("span", {}, unit ?? ""), said,
    h("small", { id: `range-${item}`, class: "muted" }, rangeOf(low, high)));
}

/** @param {number | null | undefined} low @param {number | null | undefined} high */
function rangeOf(low, high) {
  if (typeof low === "number" && typeof high === "number") return t("check_between", { low, high });
  if (typeof low === "number") return t("check_from", { low });
  return typeof high === "number" ? t("check_to", { high }) : "";
}
