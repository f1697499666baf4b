// The plan as the hub sends it, brought into the shape that the page works with.

/**
 * @typedef {Record<string, string>} Said a text by language
 * @typedef {{ item: string, name: Said, unit?: string | null, low?: number | null, high?: number | null }} Check with
 *   a unit it is a number
 * @typedef {{
 *   id: string, name: Said, area: Said | null, floor: Said | null, tags: string[], picture: string | null,
 *   checklist: Check[]
 * }} Place
 * @typedef {Place & {
 *   visitedMs: number | null, visits?: { id: string, atMs: number }[], earliestMs: number | null, latestMs: number | null
 * }} Stop `visitedMs`: for the first time; `visits`: all that the hub knows, each with its tap's id
 * @typedef {{
 *   id: string, name: Said, startsMs: number, endsMs: number, deadlineMs: number, isFixed: boolean,
 *   state: string, stops: Stop[], aloneMin?: number | null, fetchedMs?: number
 * }} Round `aloneMin`: how often whoever walks it alone says that all is well; `fetchedMs`: as of when this is
 * @typedef {{
 *   person: { id: string, name: string }, hubAheadMs: number, fetchedMs: number, rounds: Round[],
 *   places: Place[], badges?: string[], kinds: string[], unseen: number, work: number
 * }} Plan `badges`: SHA-256 of their numbers; `unseen`: notices, `work`: orders that wait for this person, when the
 *   plan was fetched
 */

/** @param {any} value an instant as text or in milliseconds @returns {number | null} */
export function toMs(value) {
  if (value === null || value === undefined) return null;
  const ms = typeof value === "number" ? value : Date.parse(value);
  return Number.isFinite(ms) ? ms : null;
}

/** @param {any} sent @param {number} nowMs @returns {Plan} */
export function readPlan(sent, nowMs) {
  const rounds = /** @type {Round[]} */ ((sent.rounds ?? []).map((/** @type {any} */ one) => readRound(one, nowMs)));
  const places = new Map();
  for (const place of [...(sent.checkpoints ?? []).map(readPlace), ...rounds.flatMap((round) => round.stops)])
    if (!places.has(place.id)) places.set(place.id, readPlace(place));
  return {
    person: { id: sent.person?.id ?? "", name: sent.person?.name ?? "" },
    hubAheadMs: (toMs(sent.now) ?? nowMs) - nowMs,
    fetchedMs: nowMs,
    rounds: rounds.sort((a, b) => a.startsMs - b.startsMs),
    places: [...places.values()],
    badges: sent.badges ?? [],
    kinds: sent.reports ?? [],
    unseen: sent.unseen ?? 0,
    work: sent.work ?? 0,
  };
}

/** @param {any} sent @param {number} nowMs @returns {Round} */
function readRound(sent, nowMs) {
  const endsMs = toMs(sent.ends) ?? 0;
  return {
    id: sent.id,
    name: sent.name,
    startsMs: toMs(sent.starts) ?? 0,
    endsMs,
    deadlineMs: toMs(sent.deadline) ?? endsMs + (sent.grace_s ?? 0) * 1000,
    isFixed: sent.order === "fixed",
    state: sent.state ?? "planned",
    aloneMin: sent.alone_s ? Math.round(sent.alone_s / 60) : null,
    fetchedMs: nowMs,
    stops: (sent.checkpoints ?? []).map((/** @type {any} */ stop) => ({
      ...readPlace(stop),
      visitedMs: toMs(stop.visited_at),
      visits: (stop.visits ?? []).map((/** @type {any} */ visit) => ({ id: visit.id, atMs: toMs(visit.at) ?? 0 })),
      earliestMs: toMs(stop.earliest),
      latestMs: toMs(stop.latest),
    })),
  };
}

/** @param {any} sent @returns {Place} */
function readPlace(sent) {
  return {
    id: sent.id,
    name: sent.name,
    area: sent.area ?? null,
    floor: sent.floor ?? null,
    tags: sent.tags ?? [],
    picture: sent.picture ?? null,
    checklist: sent.checklist ?? [],
  };
}
