// On a narrow screen the grid of a month begins where it matters: at today.

const today = document.querySelector("th.is-today");
const frame = today?.closest(".table-frame");
if (frame) frame.scrollLeft = today.offsetLeft + today.offsetWidth - frame.clientWidth + 8;
