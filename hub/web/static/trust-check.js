// Whether this browser trusts the hub. Whoever has clicked a warning away sees the page all the same, but the
// browser then refuses a service worker: that tells the two apart.

const show = (name) => {
  for (const each of document.querySelectorAll("#results [data-result]")) each.hidden = each.dataset.result !== name;
  document.documentElement.dataset.trust = name;
};

const judged = async () => {
  if (!window.isSecureContext || location.protocol !== "https:") return "plain";
  if (!("serviceWorker" in navigator)) return "unable";
  try {
    const registration = await navigator.serviceWorker.register("/trust/worker.js", { scope: "/trust/probe" });
    await registration.unregister();
    return "trusted";
  } catch (error) {
    return error.name === "SecurityError" ? "untrusted" : "unable";
  }
};

show("trying");
const result = await judged();
show(result);
if (result === "trusted") {
  document.querySelector(`[data-result="${"NDEFReader" in window ? "nfc" : "no-nfc"}"]`).hidden = false;
}
