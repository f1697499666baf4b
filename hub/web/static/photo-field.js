// Photos chosen in a form: made small enough to send from a phone, and shown before they are sent. Without this
// script they are sent as they are. Drawing them anew leaves behind where and when they were taken.

const LONGEST = 1600; // pixels

for (const input of document.querySelectorAll("input[data-photos]")) {
  input.addEventListener("change", () => prepare(input));
}

async function prepare(input) {
  const place = document.querySelector(`[data-shown="${input.id}"]`);
  const button = input.form.querySelector("button");
  const chosen = [...input.files].slice(0, Number(input.dataset.most));
  const shrunk = new DataTransfer();
  button.setAttribute("aria-busy", "true");
  place.replaceChildren();
  for (const file of chosen) {
    const canvas = await drawn(file).catch(() => null);
    shrunk.items.add(canvas ? await encoded(canvas, file) : file);
    if (canvas) place.append(labelled(canvas, place.dataset.words));
  }
  input.files = shrunk.files;
  button.removeAttribute("aria-busy");
}

async function drawn(file) {
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  return canvas;
}

async function encoded(canvas, file) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.82));
  return blob ? new File([blob], file.name, { type: "image/jpeg" }) : file;
}

function labelled(canvas, words) {
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words);
  return canvas;
}
