// Keeps the page live: one event stream, taken up again with growing pauses, and an honest word while it is gone.
//
// Events: `hello` {now_ms, boot}; `change` [{id, html}], everything at first; `end`: the session is over.

import { clockOf, hubNowMs, setHubNow } from "./ages.js";
import { notice } from "./alarm.js";
import { apply } from "./fragments.js";
import { hear as hearAnew } from "./fresh.js";
import "./forms.js";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30000;
const QUIET_MS = 45000; // the hub says something of itself much more often than that
const BACK_SHOWN_MS = 4000;

const banner = document.getElementById("connection");
const bannerWords = banner.querySelector(".connection-words");

let source = null;
let boot = null;
let pauseMs = FIRST_PAUSE_MS;
let heardMs = hubNowMs();
let isLost = false;
let retry = 0;

function connect() {
  clearTimeout(retry);
  source?.close();
  source = new EventSource("/events");
  source.addEventListener("hello", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("change", (event) => change(JSON.parse(event.data)));
  source.addEventListener("end", () => location.reload());
  source.onerror = () => {
    if (source?.readyState === EventSource.CLOSED) leaveIfSignedOut();
    lose();
  };
}

/** The stream was refused: somebody who is signed out belongs on the sign-in page. */
async function leaveIfSignedOut() {
  const answer = await fetch("/api/v1/me").catch(() => null);
  if (answer?.status === 401 && !isTyping()) location.reload();
}

function hear(hello) {
  if (boot !== null && boot !== hello.boot && !isTyping()) {
    location.reload(); // the hub was restarted: what happened meanwhile is not in the stream
    return;
  }
  boot = hello.boot;
  setHubNow(hello.now_ms);
  alive();
}

function change(fragments) {
  alive();
  notice(fragments.map(apply).filter(Boolean));
  hearAnew(fragments);
}

function alive() {
  heardMs = hubNowMs();
  pauseMs = FIRST_PAUSE_MS;
  if (!isLost) return;
  isLost = false;
  document.body.classList.remove("is-lost");
  banner.classList.add("is-back");
  bannerWords.textContent = banner.dataset.back;
  setTimeout(() => {
    if (!isLost) banner.hidden = true;
  }, BACK_SHOWN_MS);
}

function lose() {
  source?.close();
  source = null;
  if (!isLost) {
    isLost = true;
    document.body.classList.add("is-lost");
    banner.classList.remove("is-back");
    bannerWords.textContent = banner.dataset.since.replace("{time}", clockOf(heardMs));
    banner.hidden = false;
  }
  clearTimeout(retry);
  retry = setTimeout(connect, pauseMs * (0.5 + Math.random() / 2));
  pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
}

function isTyping() {
  return [...document.querySelectorAll("textarea")].some((field) => field.value.trim() !== "");
}

setInterval(() => {
  if (source && hubNowMs() - heardMs > QUIET_MS) lose();
}, QUIET_MS / 9);
addEventListener("online", connect);
// A phone that slept: its stream is dead without knowing it.
addEventListener("pageshow", (event) => {
  if (event.persisted) connect();
});
addEventListener("pagehide", () => source?.close());
connect();
