// The guard's page: takes reads, keeps them, says what they are, and lets the phone send what it keeps.

import { MERCY_MS, countDown, onHold } from "./alarm.js";
import { aloneOf, isToRemind, openAlone, urgencyOf } from "./alone.js";
import { badgeOf, isBadgeAsked, isBadgeCode, openBadge, showBadge } from "./badge.js";
import { byId } from "./dom.js";
import { Nfc } from "./nfc.js";
import { openOrders } from "./orders.js";
import { keepPictures } from "./pictures.js";
import { canScan } from "./qr.js";
import { openReport } from "./report.js";
import { currentOf, judge, placeOf, standingOf } from "./round.js";
import { allowSound, signal } from "./signal.js";
import * as store from "./store.js";
import { fetchPlan, sendAll } from "./sync.js";
import { fromAddress, fromNfc } from "./tag.js";
import { deedOf, draw, toneOf, trustOf } from "./view.js";
import { openCamera, openWays, showPlaces } from "./ways.js";
import * as words from "./words.js";
import { startWorker } from "./worker.js";

/** @import { Item } from "./store.js" */
/** @import { Place, Plan } from "./plan.js" */
/** @import { Read, Verdict } from "./round.js" */
/** @import { Scene, Shown } from "./view.js" */

const AGAIN_MS = 30_000;
const BUSY_MS = 1000;
const PLAN_STALE_MS = 300_000;
const VERDICT_STAYS_MS = 12_000;
const SAME_TOUCH_MS = 2_500;
/** Whoever tapped so long ago is likely to be still there. */
const NEAR_MS = 900_000;

/** @type {Plan | null} */
let plan = null;
/** @type {Item[]} */
let items = [];
/** @type {Scene["verdict"]} */
let verdict = null;
let outcome = "sent";
/** As of when the plan was asked for: with nothing to send, sending meets no obstacle. */
let planOutcome = "sent";
let isSending = false;
let isSendAsked = false;
let isScanner = false;
let hidesAtMs = 0;
let planAskedMs = 0;
/** @type {any} */
let installing = null;
let lastTouch = { mark: "", atMs: 0 };
/** @type {{ id: string, read: Read, atMs: number }[]} taps before the plan came; the last is judged once it is there */
let unjudged = [];
let remindedMs = 0;
/** Reads are taken one after the other: each is judged by what was kept before it. */
let turn = Promise.resolve();

const nfc = new Nfc(
  (serialNumber, addresses) => {
    const atMs = Date.now();
    const mark = serialNumber + addresses.join();
    const isSameTouch = mark === lastTouch.mark && atMs - lastTouch.atMs < SAME_TOUCH_MS;
    lastTouch = { mark, atMs };
    if (isSameTouch) return;
    if (isBadgeAsked()) return void showBadge(badgeOf(serialNumber), () => refresh(true));
    void fromNfc(serialNumber, addresses, location.origin).then((read) => take(read, atMs));
  },
  () => show(bare("unreadable"), ""),
  () => redraw(),
);

// --- taps ---------------------------------------------------------------------------------------------------

/**
 * Keeps a tap and then says what it is.
 * @param {Read | null} read @param {number} atMs @param {string} note
 * @returns {Promise<void>}
 */
function take(read, atMs, note = "") {
  turn = turn
    .then(() => (read ? takeOne(read, atMs, note) : show(bare("unreadable"), "")))
    .catch(() => show(bare("unsaved"), ""));
  return turn;
}

/** @param {Read} read @param {number} atMs @param {string} note */
async function takeOne(read, atMs, note) {
  items = await store.all();
  const said = judge(plan, items, read, atMs);
  if (said.isKept) {
    const { tag, checkpoint, sun, source } = read;
    const id = store.uuid();
    if (said.word === "unplanned") unjudged.push({ id, read, atMs });
    const body = { id, at: stamp(atMs), tag, checkpoint, sun, source, note };
    const place = placeOf(plan, read)?.id ?? null;
    const item = /** @type {Item} */ ({ id, kind: "tap", atMs, person: me(), fate: "kept", body, place });
    if (!(await kept(item))) return;
    await stillWell(said, atMs);
  }
  sayTap(said, read);
  send();
}

/** Shows what a tap is, and asks what is to be looked at there. @param {Verdict} said @param {Read} read */
function sayTap(said, read) {
  show(said, said.word === "badge" ? "" : trustOf(read.source, read.sun !== null));
  const asked = said.isKept && said.place?.checklist?.length && ["ok", "done", "late", "order"].includes(said.word);
  if (asked && said.place) report("checklist", said.place, said.round);
}

/** The plan has come: says what the tap before it is, if that is still on the screen. */
function sayUnjudged() {
  const last = unjudged.at(-1);
  if (!plan || !last) return;
  const places = new Map(unjudged.map(({ id, read }) => [id, placeOf(plan, read)?.id ?? null]));
  unjudged = [];
  if (verdict?.said.word !== "unplanned") return;
  const before = items
    .filter((item) => item.id !== last.id && item.atMs <= last.atMs)
    .map((item) => (places.has(item.id) ? { ...item, place: places.get(item.id) ?? null, person: me() } : item));
  sayTap(judge(plan, before, last.read, last.atMs), last.read);
}

/** A tap says as well that all is well; the last one of the round that the guard walks alone ends that. */
async function stillWell(/** @type {Shown} */ said, /** @type {number} */ atMs) {
  const alone = aloneOf(items, me());
  if (!alone) return;
  const isOver = said.word === "done" && said.round !== null && said.round === alone.round;
  await sayWell(isOver ? 0 : alone.minutes, alone.round, atMs);
}

/**
 * Keeps that all is well; `minutes`: until the hub hears it again, 0: it need not any more.
 * @param {number} minutes @param {string | null} round @param {number} atMs @returns {Promise<boolean>}
 */
async function sayWell(minutes, round, atMs = Date.now()) {
  remindedMs = 0;
  const id = store.uuid();
  const item = /** @type {Item} */ ({ id, kind: "word", atMs, person: me(), fate: "kept", body: { id, minutes, round }, place: null });
  return kept(item);
}

/** @param {Item} item @returns {Promise<boolean>} */
async function kept(item) {
  try {
    items.push(await store.keep(item));
    return true;
  } catch {
    show(bare("unsaved"), "");
    return false;
  }
}

/** The tap that this page was opened for, if it was. */
async function takeOpened() {
  const atMs = Date.now();
  const said = new URLSearchParams(location.hash.slice(1));
  const read = await fromAddress(location.href, location.origin, "url");
  const entry = performance.getEntriesByType("navigation")[0];
  const isRestored = entry && /** @type {PerformanceNavigationTiming} */ (entry).type !== "navigate";
  if (read && isRestored && !read.sun) show(bare("restored"), "");
  else if (read) await take(read, atMs);
  else if (said.has("taken")) await takeOver(said, atMs);
  if (location.pathname !== "/guard" || location.hash || location.search) history.replaceState(null, "", "/guard");
}

/** The hub itself took the tap when its address was opened. @param {URLSearchParams} said @param {number} atMs */
async function takeOver(said, atMs) {
  const id = said.get("id") ?? "";
  const checkpoint = said.get("checkpoint");
  const isTaken = said.get("taken") === "1";
  if (!id || items.some((item) => item.id === id)) return;
  const read = /** @type {Read} */ ({ tag: null, tagHash: null, checkpoint, sun: null, source: "url" });
  const shown = judge(plan, items, read, atMs);
  const body = { id, at: stamp(atMs), tag: null, checkpoint, sun: null, source: "url", note: "" };
  const fate = isTaken && shown.word !== "unknown" ? "sent" : "refused";
  const item = /** @type {Item} */ ({ id, kind: "tap", atMs, person: me(), fate, body, place: checkpoint });
  await kept({ ...item, reason: said.get("reason"), trust: said.get("trust"), settledMs: atMs });
  await stillWell(shown, atMs);
  show(shown, said.get("trust") ?? "");
}

// --- reports ------------------------------------------------------------------------------------------------

/** Where this person tapped within the last minutes. @returns {Place | null} */
function whereNow() {
  const last = items.findLast((item) => item.kind === "tap" && item.place && item.person === me());
  if (!last || Date.now() - last.atMs > NEAR_MS) return null;
  return plan?.places.find((place) => place.id === last.place) ?? null;
}

/** @param {"incident" | "checklist"} kind @param {Place | null} place @param {string | null} round */
function report(kind, place, round) {
  void openReport({ kind, place, round, places: plan?.places ?? [] }, (body) => keepReport(body));
}

/** @param {Record<string, unknown>} said @param {number} waitMs @returns {Promise<void>} */
async function keepReport(said, waitMs = 0) {
  const item = reportItem(said, waitMs);
  if (!(await kept(item))) throw new Error("not kept");
  if (waitMs) {
    countDown(byId("sos-dialog"), item.id, item.notBeforeMs ?? 0, async (isSent) => {
      await reread();
      if (isSent) show(bare("report_kept"), "");
      send();
    });
    return;
  }
  show(bare("report_kept"), "");
  send();
}

/** @param {Record<string, unknown>} said @param {number} waitMs @returns {Item} */
function reportItem(said, waitMs) {
  const id = store.uuid();
  const atMs = Date.now();
  const body = { text: "", photos: [], items: [], round: null, checkpoint: null, ...said, id, at: stamp(atMs) };
  const place = /** @type {string | null} */ (body.checkpoint);
  return { id, kind: "report", atMs, person: me(), fate: "kept", body, place, notBeforeMs: atMs + waitMs };
}

function sos() {
  navigator.vibrate?.(200);
  const last = items.findLast((item) => item.kind === "tap" && item.place);
  void keepReport({ kind: "sos", checkpoint: last?.place ?? null, round: scene().current?.round.id ?? null }, MERCY_MS);
}

// --- sending ------------------------------------------------------------------------------------------------

/** Sends what can be sent, also what is kept meanwhile; the service worker goes on where the page ends. */
async function send() {
  redraw();
  void askBackground();
  isSendAsked = true;
  if (isSending) return;
  isSending = true;
  while (isSendAsked) {
    isSendAsked = false;
    const sent = await sendAll().catch(() => /** @type {const} */ ("later"));
    if (sent === "busy") setTimeout(send, BUSY_MS);
    else outcome = sent;
    await reread().catch(() => {}); // the phone may forbid for a moment to read what it keeps: sending goes on
  }
  isSending = false;
}

async function askBackground() {
  if (!items.some((item) => item.fate === "kept")) return;
  const registration = await navigator.serviceWorker?.getRegistration("/guard");
  // @ts-ignore: Background Sync is not among the types of the DOM
  await registration?.sync?.register("send").catch(() => {});
}

/** @param {boolean} isUrgent */
async function refresh(isUrgent) {
  const atMs = Date.now();
  if (isUrgent || atMs - planAskedMs > PLAN_STALE_MS) {
    planOutcome = await fetchPlan().catch(() => /** @type {const} */ ("later"));
    planAskedMs = planOutcome === "sent" ? atMs : 0;
    outcome = planOutcome;
  }
  await reread();
  await send();
  if (plan && outcome === "sent") void keepPictures(plan).catch(() => {}); // no room for them: the round goes on
}

async function reread() {
  const written = await Promise.all([store.all(), store.note("plan")]);
  items = written[0];
  plan = written[1] ?? null;
  redraw();
  sayUnjudged();
  showPlaces(plan?.places ?? [], () => scene().current?.next?.id ?? null);
}

// --- showing ------------------------------------------------------------------------------------------------

/** @returns {Scene} */
function scene() {
  const nowMs = Date.now();
  const known = plan;
  const obstacle = outcome === "sent" ? planOutcome : outcome;
  const standings = (known?.rounds ?? [])
    .map((round) => standingOf(round, items, me(), nowMs))
    .filter(({ round }) => words.isToday(round.startsMs) || round.deadlineMs >= nowMs);
  return {
    plan,
    items,
    standings,
    current: currentOf(standings),
    person: me(),
    nowMs,
    isOnline: navigator.onLine && obstacle !== "offline",
    outcome: obstacle,
    nfc: nfc.state,
    canScan: isScanner,
    canInstall: installing !== null,
    verdict,
    alone: aloneOf(items, me()),
  };
}

function redraw() {
  draw(scene());
}

/** Sounds and vibrates when it is time to say that all is well. */
function remind() {
  const nowMs = Date.now();
  const alone = aloneOf(items, me());
  if (!alone || !isToRemind(alone, remindedMs, nowMs)) return;
  remindedMs = nowMs;
  signal(urgencyOf(alone, nowMs) === "overdue" ? "crit" : "warn");
}

/** @param {Shown} said @param {string} trust */
function show(said, trust) {
  verdict = { said, trust, atMs: Date.now() };
  hidesAtMs = verdict.atMs + VERDICT_STAYS_MS;
  redraw();
  signal(toneOf(said.word));
  byId("verdict").scrollIntoView({ block: "nearest" });
}

/**
 * @param {"unsaved" | "unreadable" | "badge" | "report_kept" | "restored" | "paused" | "resumed" | "ended"} word
 * @returns {Shown}
 */
function bare(word) {
  return { word, place: null, round: null, next: null, left: 0, atMs: null };
}

/** @returns {string} whose taps these are, as far as the phone knows */
function me() {
  return plan?.person.id ?? "";
}

/** @param {number} ms @returns {string} RFC 3339 on this phone's clock */
function stamp(ms) {
  const offset = -new Date(ms).getTimezoneOffset();
  const two = (/** @type {number} */ n) => String(Math.floor(Math.abs(n))).padStart(2, "0");
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, -1);
  return `${local}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}

// --- buttons ------------------------------------------------------------------------------------------------

const deeds = {
  nfc: () => void nfc.start(),
  stop: () => nfc.stop(),
  qr: () => void openCamera(onCode, onCameraProblem),
  ways: () =>
    openWays(
      { nfc: nfc.state, canScan: isScanner, places: plan?.places ?? [], next: scene().current?.next?.id ?? null },
      { onQr: deeds.qr, onManual, onNfc: deeds.nfc },
    ),
  install: async () => {
    await installing?.prompt();
    installing = null;
    redraw();
  },
  report: () => report("incident", whereNow(), scene().current?.round.id ?? null),
  alone: () => openAlone(scene().current?.round.aloneMin, (minutes) => void walkAlone(minutes)),
  well: () => {
    const alone = aloneOf(items, me());
    if (alone) void sayWell(alone.minutes, alone.round).then(() => send());
  },
  together: () => void sayWell(0, null).then(() => send()),
  orders: () => {
    const { current } = scene();
    if (current) openOrders(current, (order, reason) => void decide(current.round.id, order, reason));
  },
  badge: () =>
    openBadge(
      { nfc: nfc.state, canScan: isScanner, who: plan?.person.name ?? "" },
      { onNfc: deeds.nfc, onQr: () => void openCamera(onBadgeCode, onCameraProblem) },
    ),
  queue: () => {
    byId("queue").showModal();
    const unseen = items.filter((item) => item.fate === "refused" && !item.seen);
    void store.markSeen(unseen.map((item) => item.id)).then(reread);
  },
  send: () => void refresh(true),
  language: () => {
    words.use(words.current() === "en" ? "zh-CN" : "en");
    void store.writeNote("language", words.current());
    redraw();
  },
};

/** @param {number} minutes */
async function walkAlone(minutes) {
  if (await sayWell(minutes, scene().current?.round.id ?? null)) signal("ok");
  await send();
}

/** @param {string} round @param {string} order @param {string} reason */
async function decide(round, order, reason) {
  const id = store.uuid();
  const atMs = Date.now();
  const body = { id, round, order, at: stamp(atMs), reason };
  if (!(await kept({ id, kind: "order", atMs, person: me(), fate: "kept", body, place: null }))) return;
  const alone = aloneOf(items, me());
  if (order === "finish" && alone?.round === round) await sayWell(0, null, atMs);
  show(bare(order === "finish" ? "ended" : order === "pause" ? "paused" : "resumed"), "");
  await send();
}

/** @param {string} text */
const onBadgeCode = (text) => void showBadge(badgeOf(text), () => refresh(true));

/** @param {string} key */
const onCameraProblem = (key) => void (byId("camera-problem").textContent = words.t(key));

/** @param {string} text what a QR code says */
async function onCode(text) {
  const atMs = Date.now();
  if (isBadgeCode(text)) return show(bare("badge"), "");
  await take(await fromAddress(text, location.origin, "qr"), atMs);
}

/** @param {string} checkpoint @param {string} note */
function onManual(checkpoint, note) {
  void take({ tag: null, tagHash: null, checkpoint, sun: null, source: "manual" }, Date.now(), note);
}

function listen() {
  document.addEventListener("click", (event) => {
    const asked = /** @type {HTMLElement} */ (event.target).closest("[data-do]");
    const deed = /** @type {HTMLElement | null} */ (asked)?.dataset.do;
    if (deed && deed in deeds) deeds[/** @type {keyof typeof deeds} */ (deed)]();
  });
  document.addEventListener("pointerdown", allowSound, { passive: true });
  document.addEventListener("keydown", allowSound);
  byId("button").addEventListener("click", () => deeds[deedOf(scene())]());
  onHold(byId("sos"), () => byId("sos-hint").classList.remove("visually-hidden"), sos);
  addEventListener("online", () => void refresh(true));
  addEventListener("offline", () => {
    outcome = "offline";
    redraw();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void refresh(false));
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    installing = event;
    redraw();
  });
  store.changes.addEventListener("message", () => void reread());
  setInterval(() => document.visibilityState === "visible" && void refresh(false), AGAIN_MS);
  setInterval(() => {
    if (verdict && Date.now() > hidesAtMs) verdict = null;
    redraw();
    remind();
  }, 1000);
}

async function start() {
  words.use(new URLSearchParams(location.search).get("lang"), await store.note("language"));
  await store.writeNote("language", words.current());
  await reread();
  document.body.classList.add("is-ready");
  listen();
  await takeOpened();
  void startWorker();
  isScanner = await canScan();
  void navigator.storage?.persist?.().catch(() => false); // some browsers ask, and nothing waits for it
  redraw();
  void nfc.resume();
  await store.tidy(Date.now());
  await refresh(true);
}

void start();
