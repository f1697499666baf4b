// The dialog with the other ways to tap: what this phone can do, a QR code, and by hand as the last one.

import { byId, h, icon } from "./dom.js";
import { scan } from "./qr.js";
import { trustMark } from "./view.js";
import { say, t } from "./words.js";

/** @import { Place } from "./plan.js" */

/** @type {HTMLDialogElement} */
const ways = byId("ways");
/** @type {HTMLDialogElement} */
const camera = byId("camera");
/** @type {(checkpoint: string, note: string) => void} */
let byHand = () => {};

/**
 * @param {{ nfc: string, canScan: boolean, places: Place[], next: string | null }} able
 * @param {{ onQr: () => void, onManual: (checkpoint: string, note: string) => void, onNfc: () => void }} on
 */
export function openWays({ nfc, canScan, places, next }, { onQr, onManual, onNfc }) {
  const again = ["denied", "off", "idle"].includes(nfc);
  const qr = canScan
    ? h("button", { class: "button", type: "button", onclick: close(onQr) }, icon("qr"), t("qr_scan"))
    : h("p", {}, t("qr_phone"));
  byId("ways-body").replaceChildren(
    h("h2", { id: "ways-title", tabindex: "-1", autofocus: true }, t("ways_title")),
    way("nfc", t("way_nfc"), "uid", h("p", {}, t(`nfc.${nfc}`)),
      again && h("button", { class: "button", type: "button", onclick: close(onNfc) }, t("nfc_again"))),
    way("phone", t("way_url"), null, h("p", {}, t("way_url_how"))),
    way("qr", t("way_qr"), "qr", qr),
    way("hand", t("way_manual"), "manual", h("p", {}, t("way_manual_how")), manual(places, next, onManual)),
    h("div", { class: "sheet-end" },
      h("button", { class: "button quiet", type: "button", onclick: () => ways.close() }, t("close"))),
  );
  ways.showModal();
  byHand = onManual;
}

/**
 * The plan has come while the dialog was open without it.
 * @param {Place[]} places @param {() => string | null} next asked only then
 */
export function showPlaces(places, next) {
  const missing = ways.open && places.length ? document.getElementById("manual-missing") : null;
  missing?.replaceWith(manual(places, next(), byHand));
}

/** @param {() => void} then */
function close(then) {
  return () => {
    ways.close();
    then();
  };
}

/** @param {string} sign @param {string} name @param {string | null} trust @param {...any} children */
function way(sign, name, trust, ...children) {
  return h("section", { class: "way" }, h("h3", {}, icon(sign), name), trust && trustMark(trust), ...children);
}

/**
 * @param {Place[]} places @param {string | null} next
 * @param {(checkpoint: string, note: string) => void} onManual
 */
function manual(places, next, onManual) {
  if (!places.length) return h("p", { id: "manual-missing", class: "muted" }, t("plan_missing"));
  const options = places.map((place) => h("option", { value: place.id, selected: place.id === next }, say(place.name)));
  const select = /** @type {HTMLSelectElement} */ (h("select", { id: "manual-place" }, ...options));
  const why = /** @type {HTMLInputElement} */ (h("input", { id: "manual-why", maxlength: "200", required: true }));
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    close(() => onManual(select.value, why.value.trim()))();
  };
  return h("form", { class: "form", onsubmit: send },
    h("label", { for: "manual-place" }, t("manual_place")), select,
    h("label", { for: "manual-why" }, t("manual_why")), why,
    h("button", { class: "button", type: "submit" }, t("manual_keep")));
}

/**
 * Shows the camera until it sees a code.
 * @param {(text: string) => void} onFound @param {(key: string) => void} onProblem
 */
export async function openCamera(onFound, onProblem) {
  const ending = new AbortController();
  camera.onclose = () => ending.abort();
  camera.showModal();
  try {
    const text = await scan(byId("camera-video"), ending.signal);
    if (text !== null) onFound(text);
  } catch {
    onProblem("camera_denied");
  } finally {
    camera.close();
  }
}
