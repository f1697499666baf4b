// Brings the service worker onto the phone, and a new one into use when nobody is in the middle of something.

const SCOPES = ["/guard", "/t/"];

/** Registers the worker for the page and for the tags' addresses. */
export async function startWorker() {
  if (!navigator.serviceWorker) return;
  let hadOne = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (hadOne) location.reload();
    hadOne = true;
  });
  for (const scope of SCOPES) {
    const options = /** @type {const} */ ({ scope, type: "module", updateViaCache: "none" });
    const registration = await navigator.serviceWorker.register("/guard/sw.js", options).catch(() => null);
    if (registration) watch(registration);
  }
}

/** @param {ServiceWorkerRegistration} registration */
function watch(registration) {
  const offer = () => {
    const waiting = registration.waiting;
    if (!waiting || !registration.active) return;
    if (document.querySelector("dialog[open]")) setTimeout(offer, 5000);
    else waiting.postMessage("take over");
  };
  offer();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", offer);
  });
}
