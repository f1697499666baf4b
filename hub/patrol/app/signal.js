// Sound and vibration: told apart without looking. Good: one high tone. Mind: two. Wrong: three low ones.

const SAID = {
  ok: { tones: [880], vibration: [120] },
  info: { tones: [660], vibration: [60] },
  warn: { tones: [520, 520], vibration: [120, 90, 120] },
  crit: { tones: [240, 240, 240], vibration: [300, 100, 300, 100, 300] },
};
const TONE_S = 0.14;

/** @type {AudioContext | null} */
let audio = null;

/** Lets sounds be made; browsers want a touch before. */
export function allowSound() {
  if (!("AudioContext" in globalThis)) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
}

/** @param {string} tone */
export function signal(tone) {
  const said = SAID[/** @type {keyof typeof SAID} */ (tone)] ?? SAID.info;
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(said.vibration);
  if (audio?.state !== "running") return;
  said.tones.forEach((hertz, place) => beep(hertz, /** @type {AudioContext} */ (audio), place * TONE_S * 1.5));
}

/** @param {number} hertz @param {AudioContext} context @param {number} afterS */
function beep(hertz, context, afterS) {
  const at = context.currentTime + afterS;
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.type = "square";
  tone.frequency.value = hertz;
  loudness.gain.setValueAtTime(0.25, at);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + TONE_S);
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + TONE_S);
}
