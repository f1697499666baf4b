// Sends what the phone keeps. Used by the page and by the service worker; only one of them at a time.
//
// The same id is sent again until the hub has answered for it: after a lost answer the hub knows it already.

import * as store from "./store.js";
import { readPlan } from "./plan.js";

/** @import { Item } from "./store.js" */

/** @typedef {"sent" | "offline" | "signed_out" | "change_secret" | "forbidden" | "busy" | "later"} Outcome */

const AT_ONCE = 100;
const PATIENCE_MS = 20_000;
// On record at the hub, and no visit: the guard has to know.
const NO_VISIT = ["replay", "forgotten", "forged", "unreadable", "other_tag", "void", "unknown_tag"];
const LASTING = [400, 404, 409, 413, 415, 422]; // sending it again does not help

class Stop extends Error {
  /** @param {Outcome} outcome */
  constructor(outcome) {
    super(outcome);
    this.outcome = outcome;
  }
}

/**
 * Sends all that may be sent.
 * @returns {Promise<Outcome>} `later`: the hub could not take it now
 */
export function sendAll() {
  return alone(async () => {
    try {
      const waiting = await store.waiting(Date.now());
      if (!waiting.length) return "sent";
      const me = await whoAmI();
      const own = waiting.filter((item) => !item.person || item.person === me.person);
      const nobodys = own.filter((item) => !item.person).map((item) => item.id);
      if (nobodys.length) await store.adopt(nobodys, me.person);
      const urgent = own.filter((item) => item.body.kind === "sos");
      const taps = own.filter((item) => item.kind === "tap");
      const reports = own.filter((item) => item.kind === "report" && item.body.kind !== "sos");
      const words = own.filter((item) => item.kind === "word");
      for (const report of urgent) await sendReport(report, me.csrf);
      for (let at = 0; at < words.length; at += AT_ONCE) await sendWords(words.slice(at, at + AT_ONCE), me.csrf);
      for (let at = 0; at < taps.length; at += AT_ONCE) await sendTaps(taps.slice(at, at + AT_ONCE), me.csrf);
      for (const order of own.filter((item) => item.kind === "order")) await sendOrder(order, me.csrf);
      for (const report of reports) await sendReport(report, me.csrf);
      return "sent";
    } catch (error) {
      if (error instanceof Stop) return error.outcome;
      throw error;
    }
  });
}

/**
 * Fetches the plan and keeps it, unless it is the one that the phone has.
 * @returns {Promise<Outcome>}
 */
export async function fetchPlan() {
  try {
    const etag = await store.note("etag");
    const answer = await ask("/api/v1/patrol/plan", { headers: etag ? { "If-None-Match": etag } : {} });
    if (answer.status === 304) return "sent";
    const plan = readPlan(await saidBy(answer), Date.now());
    await store.writeNote("plan", plan);
    await store.writeNote("etag", answer.headers.get("etag") ?? undefined);
    store.changes.postMessage("plan");
    return "sent";
  } catch (error) {
    if (error instanceof Stop) return error.outcome;
    throw error;
  }
}

/** @returns {Promise<{ person: string, csrf: string }>} */
async function whoAmI() {
  const answer = await ask("/api/v1/me");
  const me = await saidBy(answer);
  if (me.must_change_secret) throw new Stop("change_secret");
  return me;
}

/** @param {Item[]} taps @param {string} csrf @returns {Promise<void>} */
async function sendTaps(taps, csrf) {
  const answer = await post("/api/v1/patrol/taps", csrf, {
    phone: await store.phone(),
    taps: taps.map((tap) => tap.body),
  });
  const refusal = await refusalOf(answer);
  if (refusal) {
    if (taps.length === 1) return refuse(taps[0], refusal);
    const half = Math.ceil(taps.length / 2);
    await sendTaps(taps.slice(0, half), csrf);
    return sendTaps(taps.slice(half), csrf);
  }
  const { results } = await saidBy(answer);
  const sent = new Set(taps.map((tap) => tap.id));
  const fates = new Map();
  for (const result of results) {
    if (!sent.has(result.id)) continue;
    fates.set(result.id, {
      fate: result.accepted && !NO_VISIT.includes(result.reason) ? "sent" : "refused",
      reason: result.reason ?? null,
      trust: result.trust ?? null,
      settledMs: Date.now(),
      ...(result.checkpoint ? { place: result.checkpoint } : {}),
    });
  }
  return store.settle(fates);
}

/**
 * All that waits at once, so that the hub never judges by the first of several. It hears how old each is: what this
 * phone's clock shows does not matter.
 * @param {Item[]} words @param {string} csrf @returns {Promise<void>}
 */
async function sendWords(words, csrf) {
  const sent = words.map(({ id, atMs, body }) => ({ id, ago_s: agoS(atMs), minutes: body.minutes }));
  const answer = await post("/api/v1/patrol/alone", csrf, { words: sent });
  const refusal = await refusalOf(answer);
  if (!refusal) await saidBy(answer);
  const fate = /** @type {store.Fate} */ (refusal ? "refused" : "sent");
  const settled = { fate, reason: refusal || null, settledMs: Date.now() };
  return store.settle(new Map(words.map(({ id }) => [id, settled])));
}

/** @param {number} atMs */
function agoS(atMs) {
  return Math.min(7 * 86_400, Math.max(0, (Date.now() - atMs) / 1000));
}

/** @param {Item} order @param {string} csrf @returns {Promise<void>} */
async function sendOrder(order, csrf) {
  const { round, ...body } = /** @type {any} */ (order.body);
  const answer = await post(`/api/v1/rounds/${encodeURIComponent(round)}/orders`, csrf, { ...body, until: null });
  const refusal = await refusalOf(answer);
  if (refusal) return refuse(order, refusal);
  await saidBy(answer);
  return store.settle(new Map([[order.id, { fate: "sent", reason: null, settledMs: Date.now() }]]));
}

/**
 * Photos first: the hub knows them by the time the report names them.
 * @param {Item} report @param {string} csrf @returns {Promise<void>}
 */
async function sendReport(report, csrf) {
  const missing = new Set();
  for (const hash of photosOf(report.body)) if (!(await sendPhoto(hash, csrf))) missing.add(hash);
  const answer = await post("/api/v1/patrol/reports", csrf, withoutPhotos(report.body, missing));
  const refusal = await refusalOf(answer);
  if (refusal) return refuse(report, refusal);
  if ((await saidBy(answer)).id !== report.id) throw new Stop("later");
  const reason = missing.size ? "photo_refused" : null;
  return store.settle(new Map([[report.id, { fate: "sent", reason, settledMs: Date.now() }]]));
}

/** @param {string} hash @param {string} csrf @returns {Promise<boolean>} whether the hub has it */
async function sendPhoto(hash, csrf) {
  const photo = await store.photo(hash);
  if (!photo || photo.fate === "refused") return false;
  if (photo.fate === "sent") return true;
  const answer = await ask(`/api/v1/patrol/photos/${hash}`, {
    method: "PUT",
    headers: { "Content-Type": "image/jpeg", "X-CSRF-Token": csrf },
    body: photo.bytes,
  });
  const isThere = answer.status === 204;
  if (!isThere && !(await refusalOf(answer))) throw new Stop("later");
  await store.settlePhoto(hash, isThere ? "sent" : "refused");
  return isThere;
}

/** @param {any} body @returns {string[]} */
function photosOf(body) {
  return [...(body.photos ?? []), ...(body.items ?? []).flatMap((/** @type {any} */ item) => item.photos ?? [])];
}

/** @param {any} body @param {Set<string>} missing */
function withoutPhotos(body, missing) {
  if (!missing.size) return body;
  const rest = (/** @type {string[] | undefined} */ photos) => (photos ?? []).filter((hash) => !missing.has(hash));
  const items = (body.items ?? []).map((/** @type {any} */ item) => ({ ...item, photos: rest(item.photos) }));
  return { ...body, photos: rest(body.photos), items };
}

/** @param {Item} item @param {string} reason */
function refuse(item, reason) {
  return store.settle(new Map([[item.id, { fate: "refused", reason, settledMs: Date.now() }]]));
}

/** @param {Response} answer @returns {Promise<any>} what the hub says; whatever else answers in its place, is not it */
async function saidBy(answer) {
  const said = answer.ok ? await answer.json().catch(() => null) : null;
  if (!said) throw new Stop("later");
  return said;
}

/** @param {Response} answer @returns {Promise<string>} the code of the hub's own last word; empty: there is none */
async function refusalOf(answer) {
  return LASTING.includes(answer.status) || answer.status === 403 ? codeOf(answer) : "";
}

/** @param {Response} answer @returns {Promise<string>} */
async function codeOf(answer) {
  const said = await answer.json().catch(() => null);
  return said?.error?.code ?? "";
}

/** @param {string} path @param {string} csrf @param {unknown} body */
function post(path, csrf, body) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** @param {string} path @param {RequestInit} options @returns {Promise<Response>} */
async function ask(path, options = {}) {
  let answer;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", redirect: "error", signal, ...options });
  } catch {
    throw new Stop("offline");
  }
  if (answer.status === 401) throw new Stop("signed_out");
  if (answer.status === 403) {
    const code = await codeOf(answer.clone());
    if (code === "not_your_round") return answer;
    throw new Stop(code === "change_secret_first" ? "change_secret" : code === "forbidden" ? "forbidden" : "later");
  }
  return answer;
}

/** @param {() => Promise<Outcome>} work @returns {Promise<Outcome>} `busy`: somebody else is sending */
async function alone(work) {
  if (!navigator.locks) return work();
  return navigator.locks.request("campushub-guard-send", { ifAvailable: true }, (lock) => (lock ? work() : "busy"));
}
