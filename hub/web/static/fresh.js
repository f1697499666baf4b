// Keeps a page live that is drawn as a whole: it is fetched anew when a fragment that it hears has changed.
//
// `<div id="fresh" data-hears="walks-list alert-*">` is what is replaced, and names the fragments; they need not be
// on the page. While somebody is typing in it, it waits (see fragments.js).

import { apply } from "./fragments.js";

const PAUSE_MS = 1000;

const fresh = document.getElementById("fresh");
const hears = (fresh?.dataset.hears ?? "").split(" ").filter(Boolean);
const heard = new Map(); // id → HTML
let hasBegun = false;
let waiting = 0;

/** To be called with every change; the first one is everything, as it is on the page already. */
export function hear(fragments) {
  const isNews = fragments.filter(note).length > 0 && hasBegun;
  hasBegun = true;
  if (isNews && !waiting) waiting = setTimeout(fetchAnew, PAUSE_MS);
}

/** Whether a fragment that this page hears is another one than before. */
function note({ id, html }) {
  const isHeard = hears.some((name) => (name.endsWith("*") ? id.startsWith(name.slice(0, -1)) : id === name));
  const said = html.replace(/>[^<]*<\/time>/g, ">"); // ages are not news
  if (!isHeard || heard.get(id) === said) return false;
  heard.set(id, said);
  return true;
}

async function fetchAnew() {
  waiting = 0;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return; // a form's own address, or signed out: the page stays as it is
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const html = page.getElementById("fresh")?.outerHTML;
  if (html) apply({ id: "fresh", html });
}
