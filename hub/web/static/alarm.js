// Makes a new critical alert noticed: the tab's title and icon, a spoken announcement, a sound if asked for.

const baseTitle = document.title;
const announcer = document.getElementById("announcer");
const button = document.getElementById("sound");
const KEY = "campushub-sound";

let audio = null;
let wantsSound = remembered() === "on";

/** To be called after every change of the page; `fresh` are the elements that were just put in. */
export function notice(fresh) {
  const summary = document.getElementById("alerts-summary");
  if (!summary) return;
  const words = summary.dataset.title.trim();
  document.title = words ? `${words} ${baseTitle}` : baseTitle;
  const critical = Number(summary.dataset.critical);
  document.getElementById("favicon").href = critical ? "/static/favicon-alert.svg" : "/static/favicon.svg";
  const added = fresh.filter((element) => element.dataset.severity === "critical" && isNews(element));
  if (added.length > 0) announce(added);
}

const known = new Set([...document.querySelectorAll("[data-severity]")].filter(isActive).map((element) => element.id));

function isActive(element) {
  return element.classList.contains("is-active");
}

function isNews(element) {
  if (!isActive(element)) {
    known.delete(element.id);
    return false;
  }
  const isNew = !known.has(element.id);
  known.add(element.id);
  return isNew;
}

function announce(alerts) {
  const titles = alerts.map((alert) => [".alert-title", ".alert-where strong"].map((part) => alert.querySelector(part)?.textContent.trim()).join(" "));
  announcer.textContent = `${announcer.dataset.prefix}: ${titles.join("; ")}`;
  if (wantsSound) chime();
}

function chime() {
  audio ??= new AudioContext();
  audio.resume().catch(() => {});
  [0, 0.28, 0.56].forEach((start, index) => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = index % 2 ? 660 : 880;
    volume.gain.setValueAtTime(0.0001, audio.currentTime + start);
    volume.gain.exponentialRampToValueAtTime(0.25, audio.currentTime + start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + start + 0.24);
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + start);
    tone.stop(audio.currentTime + start + 0.26);
  });
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // the browser keeps nothing: the choice lasts as long as the page
  }
}

function showChoice() {
  button.setAttribute("aria-pressed", String(wantsSound));
  button.querySelector("span").textContent = wantsSound ? button.dataset.off : button.dataset.on;
}

if (button) {
  button.hidden = false;
  showChoice();
  button.addEventListener("click", () => {
    wantsSound = !wantsSound;
    try {
      localStorage.setItem(KEY, wantsSound ? "on" : "off");
    } catch {
      // as above
    }
    showChoice();
    if (wantsSound) chime();
  });
}
notice([]);
