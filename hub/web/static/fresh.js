// Keeps a page live that is drawn as a whole: it is fetched anew when a fragment that it hears has changed.
//
// `<div id="fresh" data-hears="walks-list alert-*">` is what is replaced, and names the fragments; they need not be
// on the page. While somebody is typing in it, it waits (see fragments.js).

import { apply } from "./fragments.js";

const PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60000;

const fresh = document.getElementById("fresh");
const hears = (fresh?.dataset.hears ?? "").split(" ").filter(Boolean);
const heard = new Map(); // id → HTML
let pauseMs = PAUSE_MS;
let waiting = 0;
let isFetching = false;
let isAsked = false;

/** To be called with every change. The first one is everything: what happened since the page was drawn is in it. */
export function hear(fragments) {
  if (fragments.filter(note).length > 0) ask(PAUSE_MS);
}

/** Whether a fragment that this page hears is another one than before. */
function note({ id, html }) {
  const isHeard = hears.some((name) => (name.endsWith("*") ? id.startsWith(name.slice(0, -1)) : id === name));
  const said = html.replace(/>[^<]*<\/time>/g, ">"); // ages are not news
  if (!isHeard || heard.get(id) === said) return false;
  heard.set(id, said);
  return true;
}

function ask(afterMs) {
  isAsked = true;
  if (!isFetching) waiting ||= setTimeout(fetchAnew, afterMs);
}

/** One at a time, so that an older answer never replaces a newer one; again later, if there was none. */
async function fetchAnew() {
  waiting = 0;
  isFetching = true;
  isAsked = false;
  const html = await fetched().catch(() => null);
  isFetching = false;
  if (html === null) {
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    ask(pauseMs * (0.5 + Math.random() / 2));
    return;
  }
  pauseMs = PAUSE_MS;
  if (html) apply({ id: "fresh", html });
  if (isAsked) ask(PAUSE_MS);
}

/** The part of the page as it is now; empty: this address does not say; null: nobody answered. */
async function fetched() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.status >= 500) return null;
  if (!answer.ok || answer.redirected) return ""; // a form's own address, or signed out: the page stays as it is
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.getElementById("fresh")?.outerHTML ?? "";
}
