// Pictures of checkpoints, brought onto the phone while there is signal: where to go is seen without, too.

/** @import { Plan } from "./plan.js" */

const PICTURES = "campushub-guard-pictures"; // the service worker answers from it

/**
 * Fetches what the rounds of this plan show and forgets what no checkpoint shows any more.
 * @param {Plan} plan @returns {Promise<void>}
 */
export async function keepPictures(plan) {
  if (!("caches" in globalThis)) return; // not a secure page
  const stops = plan.rounds.flatMap((round) => round.stops);
  const next = new Set(stops.map((stop) => stop.picture).filter((path) => path !== null));
  if (!next.size && !(await caches.has(PICTURES))) return;
  const cache = await caches.open(PICTURES);
  const shown = new Set([...plan.places, ...stops].map((place) => place.picture));
  for (const request of await cache.keys()) {
    if (!shown.has(new URL(request.url).pathname)) await cache.delete(request);
  }
  for (const path of next) {
    if (await cache.match(path)) continue;
    const answer = await fetch(path, { credentials: "same-origin" }).catch(() => null);
    if (!answer) return; // the next plan brings it
    if (answer.ok) await cache.put(path, answer);
  }
}
