// SOS: held for two seconds, then five seconds to take it back. It is kept at once and only sent later, so that
// a phone that dies meanwhile sends it when it comes back.

import { takeBack } from "./store.js";

const HOLD_MS = 2000;
export const MERCY_MS = 5000;

/**
 * @param {HTMLButtonElement} button @param {() => void} onShort pressed, and not long enough
 * @param {() => void} onHeld
 */
export function onHold(button, onShort, onHeld) {
  let timer = 0;
  const begin = () => {
    if (timer) return;
    button.classList.add("is-held");
    timer = setTimeout(() => {
      end();
      onHeld();
    }, HOLD_MS);
  };
  const end = () => {
    clearTimeout(timer);
    timer = 0;
    button.classList.remove("is-held");
  };
  const breakOff = () => {
    if (!timer) return;
    end();
    onShort();
  };
  button.addEventListener("pointerdown", begin);
  for (const name of ["pointerup", "pointercancel", "pointerleave", "blur"]) button.addEventListener(name, breakOff);
  button.addEventListener("keydown", (event) => {
    if ([" ", "Enter"].includes(event.key)) {
      event.preventDefault();
      begin();
    }
  });
  button.addEventListener("keyup", breakOff);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

/**
 * Counts down in a dialog.
 * @param {HTMLDialogElement} dialog with `.seconds` and a button `.take-back` @param {string} id of the report
 * @param {number} dueMs @param {(isSent: boolean) => void} onEnd
 */
export function countDown(dialog, id, dueMs, onEnd) {
  const seconds = dialog.querySelector(".seconds");
  const finish = (/** @type {boolean} */ isSent) => {
    clearInterval(timer);
    dialog.onclose = null;
    dialog.close();
    onEnd(isSent);
  };
  const tick = () => {
    const leftMs = dueMs - Date.now();
    if (seconds) seconds.textContent = String(Math.max(0, Math.ceil(leftMs / 1000)));
    if (leftMs <= 0) finish(true);
  };
  const withdraw = async () => finish(!(await takeBack(id, Date.now())));
  const button = /** @type {HTMLButtonElement} */ (dialog.querySelector(".take-back"));
  button.onclick = withdraw;
  dialog.onclose = withdraw;
  const timer = setInterval(tick, 200);
  tick();
  dialog.showModal();
}
