// Puts new HTML from the event stream into the page.
//
// A fragment names an element by id. If the page has it, it is replaced (empty HTML: removed). If not, its own
// `data-container` names the element that it goes into, before the first sibling with a greater `data-order`;
// a page without that container does not show such things, and ignores it.
//
// An element with text that somebody typed is left alone and marked; it is replaced once that text is gone.

import { tick } from "./ages.js";

const waiting = new Map(); // id → HTML that arrived while somebody was typing there

/** Applies one fragment. Returns the new element, or null if nothing was put in. */
export function apply({ id, html }) {
  const old = document.getElementById(id);
  if (old && isBeingTyped(old)) {
    waiting.set(id, html);
    showNote(old);
    return null;
  }
  waiting.delete(id);
  if (!html) {
    removeKeepingFocus(old);
    return null;
  }
  const fresh = parse(html);
  if (!fresh) return null;
  if (old && gist(old) === gist(fresh)) {
    freshenTimes(old, fresh);
    return null;
  }
  return put(fresh, old);
}

/** Applies what waited for this element. */
export function release(id) {
  if (!waiting.has(id)) return;
  const html = waiting.get(id);
  const element = document.getElementById(id);
  if (element && isBeingTyped(element)) return;
  waiting.delete(id);
  apply({ id, html });
}

function put(fresh, old) {
  const container = document.getElementById(fresh.dataset.container ?? "");
  if (!old && !container) return null;
  personalise(fresh);
  if (old) keepOpen(old, fresh);
  const focused = old?.contains(document.activeElement) ? path(old, document.activeElement) : null;
  const moved = old && old.dataset.order !== fresh.dataset.order;
  if (old && !moved) old.replaceWith(fresh);
  else {
    old?.remove();
    container.insertBefore(fresh, placeIn(container, fresh.dataset.order));
  }
  if (focused) {
    follow(fresh, focused)?.focus({ preventScroll: true });
    // What had the focus is not there any more, or is folded away: the card itself takes it.
    if (!fresh.contains(document.activeElement)) fresh.focus({ preventScroll: true });
  }
  tick(fresh);
  flash(fresh);
  return fresh;
}

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

/** One rendering serves everybody of a role: name and token come from the page. */
function personalise(element) {
  for (const field of element.querySelectorAll("input[name=csrf]")) field.value = document.body.dataset.csrf;
  for (const place of element.querySelectorAll("[data-me]")) place.textContent = document.body.dataset.me;
}

function placeIn(container, order) {
  if (order === undefined) return null;
  return [...container.children].find((child) => (child.dataset.order ?? "") > order) ?? null;
}

function isBeingTyped(element) {
  const fields = element.querySelectorAll("textarea, input:not([type=hidden], [type=radio], [type=checkbox])");
  return [...fields].some((field) => field.value.trim() !== "" || field === document.activeElement) || isBeingChosen(element);
}

function isBeingChosen(element) {
  const lists = [...element.querySelectorAll("select")];
  const marks = [...element.querySelectorAll("input:is([type=radio], [type=checkbox])")];
  return lists.some((list) => list === document.activeElement || list.selectedIndex !== usual(list)) || marks.some((mark) => mark.checked !== mark.defaultChecked);
}

/** What a list shows until somebody chooses. */
function usual(list) {
  return Math.max(0, [...list.options].findLastIndex((option) => option.defaultSelected));
}

function keepOpen(old, fresh) {
  const before = old.querySelectorAll("details");
  fresh.querySelectorAll("details").forEach((details, index) => {
    if (before[index]) details.open = before[index].open;
  });
}

function showNote(element) {
  const note = element.querySelector(".updated-note");
  if (note) note.hidden = false;
}

function removeKeepingFocus(element) {
  if (!element) return;
  const hadFocus = element.contains(document.activeElement);
  const neighbour = [element.nextElementSibling, element.previousElementSibling].find((each) => each?.matches("[tabindex]"));
  element.remove();
  if (hadFocus) (neighbour ?? document.getElementById("content"))?.focus({ preventScroll: true });
}

/** What a person would notice: the words without the ages, and the state's classes. */
function gist(element) {
  const copy = element.cloneNode(true);
  for (const time of copy.querySelectorAll("time[data-ms], [data-me]")) time.textContent = "";
  for (const note of copy.querySelectorAll(".updated-note")) note.remove();
  copy.classList.remove("flash");
  const drawn = [...copy.querySelectorAll(".gauge-value, .dot")].map((mark) => mark.getAttribute("x") ?? mark.className);
  return [copy.className, copy.dataset.order, copy.textContent.replace(/\s+/g, " "), ...drawn].join("|");
}

function freshenTimes(old, fresh) {
  const before = old.querySelectorAll("time[data-ms]");
  fresh.querySelectorAll("time[data-ms]").forEach((time, index) => {
    if (before[index]) before[index].dataset.ms = time.dataset.ms;
  });
  Object.assign(old.dataset, fresh.dataset);
  tick(old);
}

function flash(element) {
  if (element.id === "fresh") return; // the whole page
  element.classList.add("flash");
  element.addEventListener("animationend", () => element.classList.remove("flash"), { once: true });
}

/** Where a focused element stands below its card, as child numbers; focus survives a replacement. */
function path(root, element) {
  const steps = [];
  for (let at = element; at !== root; at = at.parentElement) steps.unshift([...at.parentElement.children].indexOf(at));
  return steps;
}

function follow(root, steps) {
  return steps.reduce((at, step) => at?.children[step], root);
}
