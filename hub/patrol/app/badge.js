// Another guard takes the phone over: shows a badge, by NFC or by its QR code, in place of typing a name.

import { byId, h, icon } from "./dom.js";
import { uidOf } from "./tag.js";
import { t } from "./words.js";

/** @type {HTMLDialogElement} */
const dialog = byId("badge");
const LOGIN = "/login?next=/guard";
const CODE = /^badge:(.+)$/i;
const KNOWN = ["unknown_phone", "unknown_badge", "too_often"];

/** @returns {boolean} whether what is read now is a badge */
export function isBadgeAsked() {
  return dialog.open;
}

/**
 * @param {{ nfc: string, canScan: boolean, who: string }} able @param {{ onNfc: () => void, onQr: () => void }} on
 */
export function openBadge({ nfc, canScan, who }, { onNfc, onQr }) {
  const canRead = ["idle", "asking", "reading"].includes(nfc);
  byId("badge-body").replaceChildren(
    h("h2", { id: "badge-title", tabindex: "-1", autofocus: true }, t("badge_title")),
    who && h("p", { class: "muted" }, t("badge_who", { who })),
    h("p", {}, t(canRead ? "badge_nfc" : "badge_no_nfc")),
    h("p", { id: "badge-problem", class: "form-problem", role: "alert" }),
    h("div", { class: "sheet-end" },
      h("button", { class: "button quiet", type: "button", onclick: () => dialog.close() }, t("close")),
      canScan && h("button", { class: "button", type: "button", onclick: onQr }, icon("qr"), t("badge_qr")),
      h("a", { class: "button", href: LOGIN }, t("badge_login"))),
  );
  dialog.showModal();
  if (canRead) onNfc();
}

/** @param {string} text of a QR code @returns {string | null} the badge's number */
export function badgeOf(text) {
  return uidOf(CODE.exec(text.trim())?.[1] ?? text);
}

/** @param {string} text of a QR code @returns {boolean} whether it stands on a badge */
export function isBadgeCode(text) {
  return CODE.test(text.trim());
}

/**
 * Signs in whoever the badge belongs to, or leads to where the PIN is asked for.
 * @param {string | null} badge @param {() => Promise<void>} onSignedIn
 */
export async function showBadge(badge, onSignedIn) {
  const problem = await signIn(badge);
  if (problem === "") {
    dialog.close();
    return onSignedIn();
  }
  if (problem !== "pin") byId("badge-problem").textContent = t(`badge_problem.${problem}`);
}

/** @param {string | null} badge @returns {Promise<string>} what stands in the way; empty: nothing */
async function signIn(badge) {
  if (!badge) return "unreadable";
  const headers = { "Content-Type": "application/json" };
  const options = { method: "POST", headers, body: JSON.stringify({ badge }), credentials: /** @type {const} */ ("same-origin") };
  const answer = await fetch("/api/v1/sign-in/badge", options).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (!answer || !said) return "offline";
  if (!answer.ok) return KNOWN.includes(said.error?.code) ? said.error.code : "other";
  if (said.signed_in) return "";
  location.assign(`${LOGIN}&person=${encodeURIComponent(said.person)}`);
  return "pin";
}
