// Sends the forms of live cards to the API without leaving the page. What went wrong stands in the form, and
// what was typed stays there. Without this script the same forms are ordinary ones.

import { release } from "./fragments.js";

const said = document.getElementById("announcer").dataset;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.api || !form.closest("[data-container]")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  show(form, "");
  try {
    const problem = await send(form);
    show(form, problem);
    if (!problem) done(form);
  } finally {
    button.removeAttribute("aria-busy");
  }
});

// Somebody who emptied a field and left it is not typing any more.
document.addEventListener("focusout", (event) => {
  const card = event.target.closest?.("[data-container], #fresh");
  if (card) setTimeout(() => release(card.id), 0);
});

/** Sends the form; returns what went wrong, in words, or nothing. */
async function send(form) {
  const fields = Object.fromEntries(new FormData(form));
  const token = fields.csrf;
  delete fields.csrf;
  let response;
  try {
    response = await fetch(form.dataset.api, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": token },
      body: JSON.stringify(fields),
    });
  } catch {
    return said.notSent;
  }
  if (response.ok) return "";
  const answer = await response.json().catch(() => null);
  const error = answer?.error;
  if (!error) return said.notSent;
  return document.documentElement.lang === "en" ? error.message : error.message_zh;
}

function done(form) {
  const card = form.closest("[data-container]");
  form.reset();
  for (const field of form.querySelectorAll("textarea, input:not([type=hidden])")) field.value = "";
  // Somebody who works by keyboard stays where they were: the form goes, its card keeps the focus.
  if (form.contains(document.activeElement)) (card ?? document.getElementById("content"))?.focus({ preventScroll: true });
  form.hidden = true;
  if (card) release(card.id);
}

function show(form, problem) {
  const place = form.querySelector(".form-problem");
  place.textContent = problem;
  place.hidden = !problem;
}
