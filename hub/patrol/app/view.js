// Draws what the page shows from what is known; it decides nothing.

import { urgencyOf } from "./alone.js";
import { byId, h, icon, paint } from "./dom.js";
import { ordersOf } from "./orders.js";
import { clock, current, minutes, moment, say, t, tOr } from "./words.js";

/** @import { Alone } from "./alone.js" */
/** @import { Item } from "./store.js" */
/** @import { Place, Plan } from "./plan.js" */
/** @import { Standing, Verdict } from "./round.js" */

/**
 * @typedef {Verdict | { word: "unsaved" | "unreadable" | "badge" | "report_kept" | "restored" | "paused" | "resumed" | "ended",
 *   place: null, round: null, next: null, left: number, atMs: null }} Shown
 * @typedef {{
 *   plan: Plan | null, items: Item[], standings: Standing[], current: Standing | null, person: string, nowMs: number,
 *   isOnline: boolean, outcome: string, nfc: string, canScan: boolean, canInstall: boolean,
 *   verdict: { said: Shown, trust: string, atMs: number } | null, alone: Alone | null
 * }} Scene
 */

const TONES = {
  ok: "ok",
  done: "ok",
  report_kept: "ok",
  resumed: "ok",
  ended: "info",
  paused: "info",
  order: "warn",
  early: "warn",
  late: "warn",
  elsewhere: "warn",
  restored: "warn",
  unknown: "crit",
  unsaved: "crit",
  unreadable: "crit",
  again: "info",
  duplicate: "info",
  badge: "info",
  unplanned: "info",
};
const STATE_TONES = {
  planned: "off",
  due: "warn",
  in_progress: "info",
  paused: "off",
  late: "warn",
  completed: "ok",
  completed_late: "ok",
  incomplete: "crit",
  missed: "crit",
  excused: "off",
};
const WORTH = { sun: 5, reader: 4, uid: 3, qr: 2, manual: 1 };
const CLOCK_OFF_MS = 120_000;

/** @param {string} word @returns {string} */
export function toneOf(word) {
  return TONES[/** @type {keyof typeof TONES} */ (word)];
}

/** @param {Scene} scene */
export function draw(scene) {
  const language = current();
  const second = Math.floor(scene.nowMs / 30_000);
  paint(byId("counts"), [language, countsOf(scene.items)], () => counts(scene));
  paint(byId("net"), [language, scene.isOnline], () => net(scene));
  paint(byId("notices"), [language, noticesOf(scene)], () => noticesOf(scene).map(notice));
  paint(byId("offer"), [language, scene.canInstall], () => [
    scene.canInstall && notice({ tone: "info", text: t("install"), action: "install", link: t("install_how") }),
  ]);
  paint(byId("verdict"), [language, scene.verdict], () => verdict(scene));
  drawAlone(scene, language);
  paint(byId("now"), [language, second, scene.current && gist(scene.current), scene.plan?.person, !scene.alone], () => now(scene));
  paint(byId("stops"), [language, scene.current && gist(scene.current)], () => stops(scene));
  paint(byId("rounds"), [language, scene.standings.map(gist)], () => rounds(scene));
  paint(byId("button"), [language, scene.nfc, scene.canScan], () => button(scene));
  byId("button").dataset.state = scene.nfc;
  byId("report-button").hidden = !scene.plan?.kinds.includes("incident");
  byId("sos").hidden = !scene.plan?.kinds.includes("sos");
  paint(byId("queue-list"), [language, scene.items], () => queue(scene));
  const { person: who, unseen, work } = scene.plan ?? {};
  paint(byId("person"), [language, who, unseen, work, scene.isOnline], () => person(scene));
}

/** @param {Scene} scene @param {string} language */
function drawAlone({ alone: running, nowMs }, language) {
  const place = byId("alone");
  if (!running) return paint(place, null, () => []);
  const urgency = urgencyOf(running, nowMs);
  place.dataset.urgency = urgency;
  const leftMin = Math.ceil(Math.abs(running.dueMs - nowMs) / 60_000);
  const tone = { calm: "info", soon: "warn", overdue: "crit" }[urgency];
  const more = running.heard === "all" ? (urgency === "overdue" ? "told" : "due") : running.heard;
  paint(place, [language, urgency, leftMin, running.dueMs, more], () => [
    h("div", { class: "alone-head" }, icon(urgency === "calm" ? "clock" : tone),
      h("div", {},
        h("h2", { id: "alone-now" }, t(`alone.${urgency}`, { n: leftMin })),
        h("p", {}, t(`alone_more.${more}`, { time: clock(running.dueMs) })))),
    h("div", { class: "alone-row" },
      h("button", { class: "button primary well", type: "button", "data-do": "well" }, icon("ok"), t("alone_well")),
      h("button", { class: "button", type: "button", "data-do": "together" }, t("alone_end"))),
  ]);
  // Read out when it turns, not every minute.
  paint(byId("alone-said"), [language, urgency], () => [
    urgency !== "calm" && h("span", {}, t(`alone.${urgency}`, { n: leftMin })),
  ]);
}

/** @param {Scene} scene */
function person({ plan, isOnline }) {
  if (!plan) return [];
  return [
    h("p", {}, t("person", { name: plan.person.name })),
    isOnline && h("a", { class: "button", href: "/notices" }, icon("info"), t("my_notices"), count(plan.unseen)),
    isOnline && h("a", { class: "button", href: "/work" }, icon("ok"), t("my_work"), count(plan.work)),
    h("button", { class: "button", type: "button", "data-do": "badge" }, icon("badge"), t("person_change")),
  ];
}

/** @param {number | undefined} waiting */
function count(waiting) {
  return waiting ? h("b", { class: "waiting" }, String(waiting)) : null;
}

/** @param {string} trust @returns {HTMLElement} how much a tap proves, in bars and in words */
export function trustMark(trust) {
  const worth = WORTH[/** @type {keyof typeof WORTH} */ (trust)];
  const bars = [1, 2, 3, 4, 5].map((place) => h("i", { class: place <= worth ? "is-full" : null }));
  return h("span", { class: "trust" }, h("span", { class: "bars", "aria-hidden": "true" }, ...bars), t(`trust.${trust}`));
}

/** What a read is worth, before the hub has looked. @param {string} source @param {boolean} isSigned */
export function trustOf(source, isSigned) {
  if (isSigned) return "sun";
  return { nfc: "uid", url: "qr", qr: "qr" }[source] ?? "manual";
}

/** @param {Item[]} items */
function countsOf(items) {
  const count = (/** @type {string} */ fate) => items.filter((item) => item.fate === fate);
  return {
    kept: count("kept").length,
    sent: count("sent").length,
    refused: count("refused").filter((item) => !item.seen).length,
  };
}

/** @param {Scene} scene */
function counts(scene) {
  const { kept, sent, refused } = countsOf(scene.items);
  return [
    h("span", { class: kept ? "tally is-waiting" : "tally" }, icon("phone"), t("kept", { n: kept })),
    h("span", { class: "tally" }, icon("ok"), t("sent", { n: sent })),
    refused > 0 && h("span", { class: "tally is-refused" }, icon("crit"), t("refused", { n: refused })),
  ];
}

/** @param {Scene} scene */
function net(scene) {
  const word = scene.isOnline ? "online" : "offline";
  return [icon(scene.isOnline ? "net" : "off"), h("span", {}, t(word))];
}

/**
 * @typedef {{ tone: string, text: string, href?: string, link?: string, action?: string, more?: string }} Notice
 *   `link` says where `href` leads, or what `action` does where there is no `href`; otherwise `more` does
 */
/** @param {Scene} scene @returns {Notice[]} */
function noticesOf(scene) {
  const found = /** @type {Notice[]} */ ([]);
  const others = scene.items.filter((item) => item.fate === "kept" && item.person && item.person !== scene.person);
  const ahead = scene.plan?.hubAheadMs ?? 0;
  const signIn = { href: "/login?next=/guard", link: t("sign_in") };
  if (!isSecureContext) found.push({ tone: "warn", text: t("insecure"), href: "/trust", link: t("insecure_how") });
  if (scene.outcome === "signed_out") {
    found.push({ tone: "warn", text: t("signed_out"), ...signIn, action: "badge", more: t("badge_button") });
  }
  if (scene.outcome === "forbidden") found.push({ tone: "warn", text: t("forbidden"), ...signIn });
  if (scene.outcome === "change_secret") {
    found.push({ tone: "warn", text: t("change_secret"), href: "/account/secret?next=/guard", link: t("change_secret_how") });
  }
  if (others.length) found.push({ tone: "warn", text: t("others", { n: others.length }), ...signIn });
  if (!scene.plan && scene.outcome === "offline") found.push({ tone: "warn", text: t("no_plan") });
  if (Math.abs(ahead) > CLOCK_OFF_MS) {
    found.push({ tone: "warn", text: t(ahead > 0 ? "clock_behind" : "clock_ahead", { time: minutes(Math.abs(ahead)) }) });
  }
  const nfc = { denied: "nfc.denied", no_hardware: "nfc.no_hardware", off: "nfc.off" }[scene.nfc];
  if (nfc) found.push({ tone: "warn", text: t(nfc), action: "ways", link: t("ways") });
  return found;
}

/** @param {Notice} said */
function notice(said) {
  const link = said.href && h("a", { class: "button", href: said.href }, said.link ?? "");
  const words = (said.href ? said.more : said.link) ?? "";
  const action = said.action && h("button", { class: "button", type: "button", "data-do": said.action }, words);
  return h("div", { class: `notice tone-${said.tone}` }, icon(said.tone), h("p", {}, said.text), link, action);
}

/** @param {Scene} scene */
function verdict({ verdict: shown }) {
  if (!shown) return [];
  const { said, trust, atMs } = shown;
  const tone = toneOf(said.word);
  const values = { time: said.atMs === null ? "" : moment(said.atMs), next: say(said.next?.name), n: said.left };
  const more = said.next && ["ok", "again", "order"].includes(said.word);
  return [
    h("div", { class: `verdict verdict-${tone}` },
      icon(tone),
      h("div", {},
        h("p", { class: "verdict-word" }, t(`verdict.${said.word}`)),
        said.place && h("p", { class: "verdict-place" }, say(said.place.name)),
        h("p", {}, t(`verdict_more.${said.word}`, values)),
        more && said.next && h("p", { class: "verdict-next" }, t("then", values)),
        h("p", { class: "verdict-foot" }, h("time", {}, clock(atMs)), trust && trustMark(trust)),
      ),
    ),
  ];
}

/** @param {Standing} standing */
function gist({ round, state, visited, seen, next }) {
  return [round, state, [...visited], [...seen], next?.id];
}

/** @param {Scene} scene */
function now(scene) {
  const standing = scene.current;
  if (!standing) {
    if (!scene.plan) return [h("p", { class: "empty" }, t("plan_missing"))];
    return [h("p", { class: "empty" }, t(scene.standings.length ? "all_done" : "none_planned"))];
  }
  const { round, state, visited, next } = standing;
  const dots = round.stops.map((stop) => h("i", { class: visited.has(stop.id) ? "is-visited" : null }));
  return [
    h("div", { class: "round-head" },
      h("h2", { id: "round-name" }, say(round.name)),
      chip(state),
      h("p", { class: "muted" }, `${moment(round.startsMs)}–${clock(round.endsMs)} · `, untilText(scene, standing)),
    ),
    h("div", { class: "progress" },
      h("span", { class: "dots", "aria-hidden": "true" }, ...dots),
      h("span", {}, t("progress", { n: visited.size, all: round.stops.length })),
    ),
    next && nextStop(next, round.isFixed),
    h("div", { class: "now-row" },
      !scene.alone && OPEN.includes(state) && h("button", { class: `button ${round.aloneMin ? "is-asked" : ""}`, type: "button", "data-do": "alone" },
        icon("clock"), round.aloneMin ? t("alone_start_every", { n: round.aloneMin }) : t("alone_start")),
      ordersOf(standing).length > 0 && h("button", { class: "button", type: "button", "data-do": "orders" },
        icon(state === "paused" ? "resume" : "pause"), t(state === "paused" ? "orders_paused" : "orders"))),
  ];
}

const OPEN = ["due", "in_progress", "paused", "late"];

/** @param {Scene} scene @param {Standing} standing */
function untilText({ nowMs }, { round, state }) {
  if (state === "planned") return t("starts_in", { time: minutes(round.startsMs - nowMs) });
  const endMs = nowMs <= round.endsMs ? round.endsMs : round.deadlineMs;
  return t(nowMs <= round.endsMs ? "ends_in" : "grace_in", { time: minutes(endMs - nowMs) });
}

/** @param {Place} place */
function whereOf({ area, floor }) {
  return [say(area), say(floor)].filter(Boolean).join(" · ");
}

/** @param {Place & { earliestMs: number | null, latestMs: number | null }} stop @param {boolean} isFixed */
function nextStop(stop, isFixed) {
  const where = whereOf(stop);
  return h("div", { class: "next" },
    h("p", { class: "next-label" }, t(isFixed ? "next_fixed" : "next")),
    h("p", { class: "next-name" }, say(stop.name)),
    where && h("p", { class: "next-where" }, icon("place"), where),
    stop.earliestMs !== null && h("p", { class: "muted" }, t("not_before", { time: clock(stop.earliestMs) })),
    stop.latestMs !== null && h("p", { class: "muted" }, t("not_after", { time: clock(stop.latestMs) })),
    stop.picture && picture(stop.picture, t("picture", { name: say(stop.name) })),
  );
}

/** @param {string} address @param {string} alt */
function picture(address, alt) {
  const image = h("img", { src: address, alt, onerror: () => (image.hidden = true) });
  return image;
}

/** @param {Scene} scene */
function stops({ current: standing }) {
  if (!standing) return [];
  const { round, visited, seen, next } = standing;
  const lines = round.stops.map((stop) => {
    const atMs = visited.get(stop.id);
    const earlyMs = seen.get(stop.id);
    const open = earlyMs === undefined ? t("not_visited") : t("tap_again", { time: clock(earlyMs) });
    const state = atMs === undefined ? (stop === next ? "is-next" : "") : "is-visited";
    return h("li", { class: `stop ${state}` },
      icon(atMs === undefined ? (stop === next ? "place" : "dot") : "ok"),
      h("span", { class: "stop-name" }, say(stop.name), h("small", {}, whereOf(stop))),
      h("span", { class: "stop-when" }, atMs === undefined ? open : clock(atMs)),
    );
  });
  return [h("h2", {}, t("stops")), h("ol", {}, ...lines)];
}

/** @param {Scene} scene */
function rounds({ standings, current: open }) {
  if (!standings.length) return [];
  const lines = standings.map(({ round, state, visited }) =>
    h("li", { class: `round-line${open?.round.id === round.id ? " is-current" : ""}` },
      h("span", { class: "round-when" }, `${moment(round.startsMs)}–${clock(round.endsMs)}`),
      chip(state),
      h("span", { class: "round-line-name" }, say(round.name)),
      h("small", {}, t("progress", { n: visited.size, all: round.stops.length })),
    ),
  );
  return [h("h2", {}, t("rounds")), h("ol", {}, ...lines)];
}

/** @param {string} state */
function chip(state) {
  const tone = STATE_TONES[/** @type {keyof typeof STATE_TONES} */ (state)] ?? "off";
  const sign = ["planned", "due", "in_progress", "paused", "late"].includes(state) ? "clock" : tone;
  return h("span", { class: `chip tone-${tone}` }, icon(sign), h("span", {}, t(`state.${state}`)));
}

/**
 * What the big button does now; `ways` if nothing can be read by pressing it.
 * @param {{ nfc: string, canScan: boolean }} scene @returns {"nfc" | "stop" | "qr" | "ways"}
 */
export function deedOf({ nfc, canScan }) {
  if (nfc === "reading") return "stop";
  if (["idle", "asking"].includes(nfc)) return "nfc";
  return canScan ? "qr" : "ways";
}

/** @param {Scene} scene */
function button(scene) {
  const deed = deedOf(scene);
  return [
    icon({ nfc: "nfc", stop: "nfc", qr: "qr", ways: "place" }[deed]),
    h("span", {}, h("strong", {}, t(`button.${deed}`)), h("small", {}, t(`button_more.${deed}`))),
  ];
}

/** @param {Item} item */
function whatOf({ kind, body }) {
  if (kind === "tap") return t("tap");
  if (kind === "word") return body.minutes ? t("word", { n: body.minutes }) : t("word_end");
  return kind === "order" ? t(`order.${body.order}`) : t(`report.${body.kind}`);
}

/** @param {Scene} scene */
function queue({ items, plan, person }) {
  if (!items.length) return [h("p", { class: "empty" }, t("queue_empty"))];
  const lines = items.toReversed().map((item) => {
    const tone = { kept: "warn", sent: "ok", refused: "crit" }[item.fate];
    const place = plan?.places.find((one) => one.id === item.place);
    const what = whatOf(item);
    const trust = item.trust ?? (item.kind === "tap" ? trustOf(String(item.body.source), !!item.body.sun) : null);
    const waits = item.fate === "kept" && item.person && item.person !== person;
    return h("li", { class: "queue-line", "data-id": item.id, "data-fate": item.fate },
      h("span", { class: "queue-what" }, `${what}${place ? ` · ${say(place.name)}` : ""}`),
      h("span", { class: `chip tone-${tone}` }, icon(item.fate === "kept" ? "phone" : tone), h("span", {}, t(`fate.${item.fate}`))),
      h("small", {}, moment(item.atMs), waits ? ` · ${t("waits_for", { who: item.person })}` : ""),
      trust && trustMark(trust),
      item.reason && h("p", { class: "queue-reason" }, `${tOr(`reason.${item.reason}`, "reason.other")}`),
    );
  });
  return [h("ol", { class: "queue" }, ...lines)];
}
