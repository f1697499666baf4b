// Where a checkpoint is on the plan: a click, or two numbers, become the line to write into campus.toml.

const frame = document.getElementById("placing");
const plan = document.querySelector(".plan");
const which = document.getElementById("place-which");
const fields = { x: document.getElementById("place-x"), y: document.getElementById("place-y") };
const line = document.getElementById("place-line");
const copy = document.getElementById("place-copy");
const SVG = "http://www.w3.org/2000/svg";

const crosshair = document.createElementNS(SVG, "path");
crosshair.setAttribute("class", "crosshair");
crosshair.setAttribute("d", "M-18 0H18M0-18V18M-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0");
const holder = document.createElementNS(SVG, "svg");
holder.setAttribute("overflow", "visible");
holder.append(crosshair);

function show() {
  const [x, y] = [fields.x.value, fields.y.value];
  const isWhole = x !== "" && y !== "" && fields.x.checkValidity() && fields.y.checkValidity();
  line.textContent = isWhole ? `place = { x = ${Number(x)}, y = ${Number(y)} }` : "";
  copy.disabled = !isWhole;
  if (!isWhole) return holder.remove();
  holder.setAttribute("x", `${Number(x)}%`);
  holder.setAttribute("y", `${Number(y)}%`);
  plan.querySelector(".plan-marks").append(holder);
}

function choose() {
  const known = which.selectedOptions[0]?.dataset ?? {};
  fields.x.value = known.x ?? "";
  fields.y.value = known.y ?? "";
  show();
}

plan?.addEventListener("click", (event) => {
  event.preventDefault(); // a mark leads elsewhere
  const box = plan.querySelector("img").getBoundingClientRect();
  const percent = (at, from, size) => Math.min(100, Math.max(0, ((at - from) / size) * 100)).toFixed(1);
  fields.x.value = percent(event.clientX, box.left, box.width);
  fields.y.value = percent(event.clientY, box.top, box.height);
  show();
});
for (const field of Object.values(fields)) field.addEventListener("input", show);
which.addEventListener("change", choose);
copy.addEventListener("click", async () => {
  const words = copy.textContent;
  try {
    await navigator.clipboard.writeText(line.textContent);
  } catch {
    getSelection().selectAllChildren(line); // without HTTPS there is no clipboard: it is selected instead
    return;
  }
  copy.textContent = frame.dataset.copied;
  setTimeout(() => {
    copy.textContent = words;
  }, 2000);
});
choose();
