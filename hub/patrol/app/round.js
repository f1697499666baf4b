// What the phone itself can say of a round and of a tap, at once and without the hub. Pure; the hub judges anew.
//
//     starts                           ends        deadline
//     |--- due, in_progress -----------|-- late ----|--- incomplete, missed
//     planned                          completed / completed_late once every stop was passed
//
// A route of fixed order is passed as the hub judges it (`in_order` in `rules/route.py`), so that whoever goes where
// the phone says has walked in order at the end:
//
//     tapped   B      A      B      C        route A B C
//     next     A      B      C      -        the first B came too early, the second counts, however soon it comes

/** @import { Item } from "./store.js" */
/** @import { Plan, Place, Round, Stop } from "./plan.js" */

export const DUPLICATE_MS = 60_000;
const WORTH = ["manual", "qr", "url", "nfc"];

/**
 * @typedef {{ tag: string | null, tagHash: string | null, checkpoint: string | null,
 *   sun: Record<string, string> | null, source: "nfc" | "url" | "qr" | "manual" }} Read
 * @typedef {"ok" | "done" | "order" | "again" | "duplicate" | "early" | "late" | "elsewhere" | "unknown"
 *   | "unplanned" | "badge"} Word
 * @typedef {{ word: Word, place: Place | null, round: string | null, next: Place | null, left: number,
 *   atMs: number | null, isKept: boolean, isInTurn: boolean }} Verdict `isKept`: false of what is on the phone
 *   already, and of what is no tap; `isInTurn`: it is the next of a fixed order.
 * @typedef {{ stop: string, atMs: number }} Visit
 * @typedef {{ round: Round, state: string, visited: Map<string, number>, seen: Map<string, number>,
 *   next: Stop | null }} Standing `visited`: when each stop was passed, of fixed order in its turn; `seen`: when
 *   each was tapped first
 */

/**
 * Every visit of a round in order of time, by what the hub knows and by what is on the phone.
 * @param {Round} round @param {Item[]} items @param {string} person @returns {Visit[]}
 */
export function visitsOf(round, items, person) {
  const visits = /** @type {Visit[]} */ ([]);
  const known = new Set();
  for (const { id, visitedMs, visits: told } of round.stops) {
    for (const visit of told ?? []) {
      known.add(visit.id);
      visits.push({ stop: id, atMs: visit.atMs });
    }
    if (!told?.length && visitedMs !== null) visits.push({ stop: id, atMs: visitedMs });
  }
  for (const item of items) {
    const counts = item.kind === "tap" && item.fate !== "refused" && item.place && item.person === person;
    if (!counts || known.has(item.id) || item.atMs < round.startsMs || item.atMs > round.deadlineMs) continue;
    if (!round.stops.some((stop) => stop.id === item.place)) continue;
    visits.push({ stop: item.place ?? "", atMs: item.atMs });
  }
  return visits.sort((one, other) => one.atMs - other.atMs);
}

/**
 * The visits by which the stops are passed in their order, from the first on, whatever comes between.
 * @param {string[]} stops @param {Visit[]} visits in order of time @returns {Visit[]}
 */
export function inOrder(stops, visits) {
  const passed = /** @type {Visit[]} */ ([]);
  for (const visit of visits) if (visit.stop === stops[passed.length]) passed.push(visit);
  return passed;
}

/** @param {Round} round @param {Item[]} items @param {string} person @param {number} nowMs @returns {Standing} */
export function standingOf(round, items, person, nowMs) {
  const visits = visitsOf(round, items, person);
  const seen = firstOf(visits);
  const stops = round.stops.map((stop) => stop.id);
  const visited = round.isFixed ? firstOf(inOrder(stops, visits)) : seen;
  const next = round.stops.find((stop) => !visited.has(stop.id)) ?? null;
  const state = stateOf({ round, visited: seen, next }, decidedOf(round, items, person), nowMs);
  return { round, state, visited, seen, next };
}

/** @param {Visit[]} visits in order of time @returns {Map<string, number>} */
function firstOf(visits) {
  return new Map(visits.toReversed().map(({ stop, atMs }) => [stop, atMs]));
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

/**
 * Every stop seen is a round completed; where that was in another order than the fixed one it goes on, as long as
 * the guard can still make it good.
 * @param {{ round: Round, visited: Map<string, number>, next: Stop | null }} standing
 * @param {Item | null} decided @param {number} nowMs
 */
function stateOf({ round, visited, next }, decided, nowMs) {
  const order = decided?.body.order;
  const isMendable = next && nowMs <= round.deadlineMs && order !== "finish";
  if (round.stops.every((stop) => visited.has(stop.id)) && !isMendable) {
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
  const say = (word, more = {}) =>
    ({ word, place, round: null, next: null, left: 0, atMs: null, isKept: true, isInTurn: false, ...more });
  if (!place && read.tagHash && plan?.badges?.includes(read.tagHash)) return say("badge", { isKept: false });
  const said = judgeNew(plan, items, place, nowMs, say);
  const twin = twinOf(items, read, place, nowMs);
  // What came too early is tapped again in its turn, however soon.
  if (!twin || (said.isInTurn && !isOneRead(twin, read))) return said;
  if (said.word === "order") return { ...said, isKept: false };
  return say("duplicate", { atMs: twin.atMs, isKept: false });
}

/**
 * What is to be said of a tap that is on the phone for the first time.
 * @param {Plan | null} plan @param {Item[]} items @param {Place | null} place @param {number} nowMs
 * @param {(word: Word, more?: Partial<Verdict>) => Verdict} say @returns {Verdict}
 */
function judgeNew(plan, items, place, nowMs, say) {
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
  const isInTurn = round.isFixed && next?.id === place.id;
  const more = { round: round.id, next: rest[0] ?? null, left: rest.length, isInTurn };
  if (before !== undefined) return say("again", { ...more, atMs: before });
  const stop = round.stops.find((each) => each.id === place.id);
  if (round.isFixed && !isInTurn) return say("order", { ...more, next });
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
    if (isOneRead(item, read)) return true;
    const { tag, sun, checkpoint, source } = /** @type {any} */ (item.body);
    if (Math.abs(nowMs - item.atMs) >= DUPLICATE_MS || item.fate === "refused") return false;
    if (worth(source, sun) < worth(read.source, read.sun)) return false;
    if (place) return item.place === place.id;
    return read.tag ? tag === read.tag : !!read.checkpoint && checkpoint === read.checkpoint;
  });
}

/** Whether both are one signed read of the tag. @param {Item} item @param {Read} read @returns {boolean} */
function isOneRead(item, read) {
  const { sun } = /** @type {any} */ (item.body);
  return !!read.sun && !!sun && isSame(read.sun, sun);
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
