// Asks the hub over HTTPS in the background, so that nobody runs into the browser's warning unprepared.

const button = document.getElementById("check");
const refused = document.getElementById("refused");

button?.addEventListener("click", async (event) => {
  event.preventDefault();
  refused.hidden = true;
  try {
    await fetch(button.href, { mode: "no-cors", cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(8000) });
    location.href = button.href;
  } catch {
    refused.hidden = false;
  }
});
