// Ages, durations and the wall's clock: ticks every <time data-ms> once a second, by the hub's own clock.
// The words are those of hub/words/wording.py; the page brings them in <body data-words>.

const SECOND_MS = 1000;
const JUST_NOW_MS = 5000;

const words = JSON.parse(document.body.dataset.words);
let offsetMs = Number(document.body.dataset.nowMs) - Date.now();

/** The hub's clock now, in ms since 1970. */
export function hubNowMs() {
  return Date.now() + offsetMs;
}

/** Takes over the hub's clock. */
export function setHubNow(nowMs) {
  offsetMs = nowMs - Date.now();
  tick();
}

/** `14:05:09` of an instant, on the site's clock. */
export function clockOf(ms) {
  return clock(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** Brings every age below `root` up to date. */
export function tick(root = document) {
  const nowMs = hubNowMs();
  for (const time of root.querySelectorAll("time[data-ms]")) {
    const ms = nowMs - Number(time.dataset.ms);
    setText(time, time.dataset.as === "ago" ? ago(ms) : duration(ms));
  }
  for (const place of document.querySelectorAll("[data-clock]")) {
    setText(place, place.dataset.clock === "time" ? clock(nowMs, { hour: "2-digit", minute: "2-digit" }) : day(nowMs));
  }
}

function ago(ms) {
  return ms < JUST_NOW_MS ? words.just_now : fill(words.ago, { duration: duration(ms) });
}

function duration(ms) {
  const seconds = Math.floor(Math.max(0, ms) / SECOND_MS);
  if (seconds < 60) return fill(words.seconds, { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return fill(words.minutes, { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return fill(words.hours, { h: hours, m: minutes % 60 });
  return fill(words.days, { d: Math.floor(hours / 24), h: hours % 24 });
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

function clock(ms, parts) {
  return new Intl.DateTimeFormat("en-GB", { ...parts, hourCycle: "h23", timeZone: document.body.dataset.zone }).format(ms);
}

function day(ms) {
  const form = { weekday: "long", month: "long", day: "numeric", timeZone: document.body.dataset.zone };
  return new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : "zh-CN", form).format(ms);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

tick();
setInterval(() => tick(), SECOND_MS);
