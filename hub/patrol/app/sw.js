// The service worker: the page from the phone first, and what the phone keeps to the hub when there is signal.

import { sendAll } from "./sync.js";

const SHELL = { version: "", files: [""] }; // filled in by the hub
const CACHE = `campushub-guard-${SHELL.version}`;
const PICTURES = "campushub-guard-pictures";

/** @type {any} */
const worker = self;

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(keepShell()));
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(takeOver()));
worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data === "take over") worker.skipWaiting();
});
worker.addEventListener("sync", (/** @type {any} */ event) => event.waitUntil(sendLater()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const isPage = event.request.mode === "navigate" && (url.pathname === "/guard" || url.pathname.startsWith("/t/"));
  if (isPage) event.respondWith(kept("/guard", event.request));
  else if (SHELL.files.includes(url.pathname)) event.respondWith(kept(url.pathname, event.request));
  else if (event.request.destination === "image") event.respondWith(picture(event.request));
});

/** All of it or nothing: a version is whole. */
async function keepShell() {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL.files.map((path) => new Request(path, { cache: "reload", credentials: "omit" })));
}

async function takeOver() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("campushub-guard-") && ![CACHE, PICTURES].includes(name));
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** @param {string} path @param {Request} request @returns {Promise<Response>} */
async function kept(path, request) {
  const cache = await caches.open(CACHE);
  // The worker of the other scope may be newer already, and have put its whole version in this one's place.
  return (await cache.match(path)) ?? (await caches.match(path)) ?? fetch(request);
}

/** @param {Request} request @returns {Promise<Response>} */
async function picture(request) {
  const cache = await caches.open(PICTURES);
  const known = await cache.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/** The browser tries again later if this fails. */
async function sendLater() {
  const outcome = await sendAll();
  if (outcome === "offline" || outcome === "later") throw new Error(outcome);
}
