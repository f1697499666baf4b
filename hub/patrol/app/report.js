// The dialog for a report: what is wrong, or the list of what is looked at in one place. What is typed stays on the
// phone as a draft until it is kept as a report or thrown away.

import { checkLine, isNumber, sentOf } from "./checks.js";
import { byId, h, icon } from "./dom.js";
import { takePhoto } from "./photo.js";
import { note, photo, writeNote } from "./store.js";
import { say, t } from "./words.js";

/** @import { Answer } from "./checks.js" */
/** @import { Check, Place } from "./plan.js" */

/**
 * @typedef {{ text: string, photos: string[], answers: Record<string, Answer>, where?: string }} Draft `where`: the
 *   checkpoint that was chosen; "": none of them.
 * @typedef {{ kind: "incident" | "checklist", place: Place | null, round: string | null, places?: Place[] }} About
 *   `place`: of an incident where the guard was just now; it may be any of `places`, or none.
 */

/** @type {HTMLDialogElement} */
const dialog = byId("report");
/** @type {HTMLFormElement} */
const form = byId("report-form");

/**
 * Opens the dialog; `onReady` gets what is to be kept.
 * @param {About} about @param {(body: Record<string, unknown>) => Promise<void>} onReady
 */
export async function openReport(about, onReady) {
  // What was answered on another round is no answer of this one.
  const key = about.kind === "checklist" ? `draft:checklist:${about.place?.id ?? ""}:${about.round ?? ""}` : "draft:incident:";
  const draft = /** @type {Draft} */ ({ text: "", photos: [], answers: {}, ...(await note(key)) });
  const save = () => writeNote(key, draft);
  const checks = about.kind === "checklist" ? (about.place?.checklist ?? []) : [];
  for (const { item } of checks) draft.answers[item] ??= { ok: null, note: "", photos: [] };
  const problem = h("p", { class: "form-problem", role: "alert" });
  /** Whether what the problem asks for has been done since. */
  let isMended = () => false;
  const mend = () => {
    if (!isMended()) return;
    problem.textContent = "";
    isMended = () => false;
  };
  const text = h("textarea", { id: "report-text", rows: "3", maxlength: "1000" });
  const title = about.kind === "checklist" ? t("checklist_title", { name: say(about.place?.name) }) : t("incident_title");
  /** @type {HTMLTextAreaElement} */ (text).value = draft.text;
  text.addEventListener("input", () => {
    draft.text = /** @type {HTMLTextAreaElement} */ (text).value;
    mend();
    save();
  });
  const field = (/** @type {string[]} */ hashes) => photos(hashes, save, problem);
  const lines = checks.map((check) => checkLine(check, draft.answers[check.item], changed, field));
  const all = checks.length ? h("button", { class: "button all-ok", type: "button", onclick: allOk }) : null;
  function changed() {
    const isWrong = checks.some(({ item }) => draft.answers[item].ok === false);
    all?.replaceChildren(icon("ok"), t(isWrong ? "check_rest_ok" : "check_all_ok"));
    mend();
    void save();
  }
  /** One press answers all that is not answered, and saves; numbers have to be read off first. */
  function allOk() {
    for (const check of checks) if (!isNumber(check)) draft.answers[check.item].ok ??= true;
    for (const line of lines) line.draw();
    const open = checks.find(({ item }) => draft.answers[item].ok === null);
    if (!open) return form.requestSubmit();
    void save();
    problem.textContent = t("check_number_missing");
    isMended = () => draft.answers[open.item].ok !== null;
    byId(`number-${open.item}`).focus();
  }
  if (all) changed();
  form.replaceChildren(
    h("h2", { id: "report-title", tabindex: "-1", autofocus: true }, title),
    ...(all ? [all] : []),
    ...lines,
    h("label", { for: "report-text" }, t(checks.length ? "report_note" : "report_text")),
    text,
    ...(about.kind === "incident" ? where(about, draft, save) : []),
    photos(draft.photos, save, problem),
    h("div", { class: "sheet-end" }, problem,
      h("button", { class: "button quiet", type: "button", onclick: () => dialog.close() }, t("close")),
      h("button", { class: "button primary", type: "submit" }, t("report_keep")),
    ),
  );
  form.onsubmit = async (event) => {
    event.preventDefault();
    const lacks = lackOf(about, draft, checks);
    problem.textContent = lacks ? t(lacks) : "";
    isMended = () => !lackOf(about, draft, checks);
    if (lacks) return;
    const items = checks.map((check) => sentOf(check, draft.answers[check.item]));
    await onReady({
      kind: about.kind,
      round: about.round,
      checkpoint: (about.kind === "incident" ? draft.where ?? about.place?.id : about.place?.id) || null,
      text: draft.text.trim(),
      photos: draft.photos,
      items,
    });
    await writeNote(key, undefined);
    dialog.close();
  };
  dialog.showModal();
}

/** Where it is. @param {About} about @param {Draft} draft @param {() => Promise<void>} save @returns {Node[]} */
function where(about, draft, save) {
  const chosen = draft.where ?? about.place?.id ?? "";
  const places = [h("option", { value: "" }, t("report_elsewhere"))];
  for (const place of about.places ?? []) {
    places.push(h("option", { value: place.id, selected: place.id === chosen }, say(place.name)));
  }
  const select = /** @type {HTMLSelectElement} */ (h("select", { id: "report-where" }, ...places));
  select.addEventListener("change", () => {
    draft.where = select.value;
    void save();
  });
  return [h("label", { for: "report-where" }, t("report_where")), select];
}

/** @param {About} about @param {Draft} draft @param {Check[]} checks @returns {string} the key of what is missing */
function lackOf(about, draft, checks) {
  if (about.kind === "incident") return draft.text.trim() || draft.photos.length ? "" : "report_empty";
  return checks.some(({ item }) => draft.answers[item].ok === null) ? "check_missing" : "";
}

/** @param {string[]} hashes changed in place @param {() => Promise<void>} save @param {HTMLElement} problem */
function photos(hashes, save, problem) {
  if (!isSecureContext) return h("p", { class: "muted" }, t("photo_insecure"));
  const strip = h("div", { class: "photos" });
  for (const hash of hashes) void shown(hash).then((canvas) => canvas && strip.append(canvas));
  const take = async (/** @type {any} */ event) => {
    problem.textContent = "";
    for (const file of event.target.files) {
      try {
        const taken = await takePhoto(file);
        if (hashes.includes(taken.hash)) continue;
        hashes.push(taken.hash);
        await save();
        strip.append(labelled(taken.canvas));
      } catch {
        problem.textContent = t("photo_failed");
      }
    }
    event.target.value = "";
  };
  const input = h("input", { type: "file", accept: "image/*", capture: "environment", class: "visually-hidden", onchange: take });
  return h("div", { class: "photo-field" }, h("label", { class: "button" }, icon("camera"), t("photo"), input), strip);
}

/** @param {string} hash */
async function shown(hash) {
  const kept = await photo(hash);
  if (!kept) return null;
  const image = await createImageBitmap(kept.bytes);
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  return labelled(canvas);
}

/** @param {HTMLCanvasElement} canvas */
function labelled(canvas) {
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", t("photo_taken"));
  return canvas;
}
