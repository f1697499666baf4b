// What the phone itself can say of a round and of a tap, at once and without the hub. Pure; the hub judges anew.
//
//     starts                           ends        deadline
//     |--- due, in_progress -----------|-- late ----|--- incomplete, missed
//     planned                          completed / completed_late once every stop was passed

/** @import { Item } from "./store.js" */
/** @import { Plan, Place, Round, Stop } from "./plan.js" */

export const DUPLICATE_MS = 60_000;
const WORTH = ["manual", "qr", "url", "nfc"];

/**
 * @typedef {{ tag: string | null, tagHash: string | null, checkpoint: string | null,
 *   sun: Record<string, string> | null, source: "nfc" | "url" | "qr" | "manual" }} Read
 * @typedef {"ok" | "done" | "order" | "again" | "duplicate" | "early" | "late" | "elsewhere" | "unknown"
 *   | "unplanned"} Word
 * @typedef {{ word: Word, place: Place | null, round: string | null, next: Place | null, left: number,
 *   atMs: number | null }} Verdict `duplicate` alone is not kept: it is a read that is on the phone already.
 * @typedef {{ round: Round, state: string, visited: Map<string, number>, next: Stop | null }} Standing
 */

/**
 * When each stop of a round was passed, by what the hub knows and by what is on the phone.
 * @param {Round} round @param {Item[]} items @param {string} person @returns {Map<string, number>}
 */
export function visitedOf(round, items, person) {
  const visited = new Map();
  for (const stop of round.stops) if (stop.visitedMs !== null) visited.set(stop.id, stop.visitedMs);
  for (const item of items) {
    const counts = item.kind === "tap" && item.fate !== "refused" && item.place && item.person === person;
    if (!counts || item.atMs < round.startsMs || item.atMs > round.deadlineMs) continue;
    if (!round.stops.some((stop) => stop.id === item.place)) continue;
    visited.set(item.place, Math.min(visited.get(item.place ?? "") ?? Infinity, item.atMs));
  }
  return visited;
}

/** @param {Round} round @param {Item[]} items @param {string} person @param {number} nowMs @returns {Standing} */
export function standingOf(round, items, person, nowMs) {
  const visited = visitedOf(round, items, person);
  const next = round.stops.find((stop) => !visited.has(stop.id)) ?? null;
  return { round, state: stateOf(round, visited, decidedOf(round, items, person), nowMs), visited, next };
}

/**
 * The newest decision of this phone about a round that the plan does not know of yet.
 * @param {Round} round @param {Item[]} items @param {string} person @returns {Item | null}
 */
function decidedOf(round, items, person) {
  return (
    items.findLast((item) => {
      if (item.kind !== "order" || item.fate === "refused" || item.person !== person) return false;
      return item.body.round === round.id && (item.settledMs ?? Infinity) >= (round.fetchedMs ?? 0);
    }) ?? null
  );
}

/** @param {Round} round @param {Map<string, number>} visited @param {Item | null} decided @param {number} nowMs */
function stateOf(round, visited, decided, nowMs) {
  const order = decided?.body.order;
  if (round.stops.every((stop) => visited.has(stop.id))) {
    return Math.max(...visited.values()) <= round.endsMs ? "completed" : "completed_late";
  }
  if (round.state === "excused") return "excused";
  const isEnded = order ? order === "finish" : ["incomplete", "missed"].includes(round.state);
  if (isEnded || nowMs > round.deadlineMs) return visited.size ? "incomplete" : "missed";
  if (nowMs < round.startsMs) return "planned";
  const isPaused = order ? order === "pause" : round.state === "paused";
  // A tap ends a pause.
  const sinceMs = decided?.atMs ?? round.fetchedMs ?? 0;
  if (isPaused && ![...visited.values()].some((atMs) => atMs > sinceMs)) return "paused";
  if (nowMs > round.endsMs) return "late";
  return visited.size ? "in_progress" : "due";
}

const OPEN = ["due", "in_progress", "paused", "late"];

/**
 * The round to walk now: one that is open, else the next to come.
 * @param {Standing[]} standings by their start @returns {Standing | null}
 */
export function currentOf(standings) {
  return (
    standings.find((one) => OPEN.includes(one.state)) ??
    standings.find((one) => one.state === "planned") ??
    null
  );
}

/** @param {Plan | null} plan @param {Read} read @returns {Place | null} */
export function placeOf(plan, read) {
  const places = plan?.places ?? [];
  const byTag = read.tagHash && places.find((place) => place.tags.includes(read.tagHash ?? ""));
  if (byTag || read.tagHash) return byTag || null;
  return places.find((place) => place.id === read.checkpoint) ?? null;
}

/**
 * What is to be said of a tap.
 * @param {Plan | null} plan @param {Item[]} items what was kept before it @param {Read} read @param {number} nowMs
 * @returns {Verdict}
 */
export function judge(plan, items, read, nowMs) {
  const place = placeOf(plan, read);
  /** @param {Word} word @param {Partial<Verdict>} more @returns {Verdict} */
  const say = (word, more = {}) => ({ word, place, round: null, next: null, left: 0, atMs: null, ...more });
  const twin = twinOf(items, read, place, nowMs);
  if (twin) return say("duplicate", { atMs: twin.atMs });
  if (!plan) return say("unplanned");
  if (!place) return say("unknown");
  const here = plan.rounds.filter((round) => round.stops.some((stop) => stop.id === place.id));
  const open = here.filter((round) => round.startsMs <= nowMs && nowMs <= round.deadlineMs);
  const standings = open.map((round) => standingOf(round, items, plan.person.id, nowMs));
  const found = standings.find((one) => !one.visited.has(place.id)) ?? standings[0];
  if (!found) {
    const coming = here.find((round) => round.startsMs > nowMs);
    return coming ? say("early", { round: coming.id, atMs: coming.startsMs }) : say("elsewhere");
  }
  return inRound(found, place, nowMs, say);
}

/**
 * @param {Standing} found @param {Place} place @param {number} nowMs
 * @param {(word: Word, more: Partial<Verdict>) => Verdict} say
 */
function inRound({ round, visited, next }, place, nowMs, say) {
  const before = visited.get(place.id);
  const rest = round.stops.filter((stop) => !visited.has(stop.id) && stop.id !== place.id);
  const more = { round: round.id, next: rest[0] ?? null, left: rest.length };
  if (before !== undefined) return say("again", { ...more, atMs: before });
  const stop = round.stops.find((each) => each.id === place.id);
  if (round.isFixed && next && next.id !== place.id) return say("order", { ...more, next });
  if (stop?.earliestMs && nowMs < stop.earliestMs) return say("early", { ...more, atMs: stop.earliestMs });
  const latestMs = Math.min(stop?.latestMs ?? Infinity, round.endsMs);
  if (nowMs > latestMs) return say("late", { ...more, atMs: latestMs });
  return say(rest.length ? "ok" : "done", more);
}

/**
 * The same read, or one of the same place within a minute that is worth as much.
 * @param {Item[]} items @param {Read} read @param {Place | null} place @param {number} nowMs
 */
function twinOf(items, read, place, nowMs) {
  return items.findLast((item) => {
    if (item.kind !== "tap") return false;
    const { tag, sun, checkpoint, source } = /** @type {any} */ (item.body);
    if (read.sun && sun && isSame(read.sun, sun)) return true;
    if (Math.abs(nowMs - item.atMs) >= DUPLICATE_MS || item.fate === "refused") return false;
    if (worth(source, sun) < worth(read.source, read.sun)) return false;
    if (place) return item.place === place.id;
    return read.tag ? tag === read.tag : !!read.checkpoint && checkpoint === read.checkpoint;
  });
}

/** @param {string} source @param {unknown} sun */
function worth(source, sun) {
  return sun ? WORTH.length : WORTH.indexOf(source);
}

/** @param {Record<string, string>} one @param {Record<string, string>} other */
function isSame(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
