// Everything works without this. It keeps the list live, and lets the pointer zoom.
"use strict";

const live = document.getElementById("live");
if (live && new URLSearchParams(location.search).get("page") === null) {
  const refresh = async () => {
    // Whoever is reading with the keyboard keeps the place.
    const focused = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const answer = await fetch(live.dataset.rows);
    if (!answer.ok) return;
    live.innerHTML = await answer.text();
    if (focused) live.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  };
  const changes = new EventSource("/changes");
  // Something may have come between the page and the connection, also when that was lost.
  for (const kind of ["open", "message"]) changes.addEventListener(kind, () => refresh().catch(() => {}));
}

const axis = document.querySelector(".axis");
if (axis) {
  axis.classList.add("drag");
  axis.title = "Drag to zoom";
  const ruler = axis.querySelector("svg");
  const [from, to] = [Number(axis.dataset.from), Number(axis.dataset.to)];
  const place = (event) => {
    const { left, width } = ruler.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    return Math.round(from + (to - from) * share);
  };
  let start = null;
  axis.addEventListener("pointerdown", (event) => {
    start = place(event);
    axis.setPointerCapture(event.pointerId);
  });
  axis.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const [one, other] = [start, place(event)].sort((a, b) => a - b);
    start = null;
    if (other - one > (to - from) / 100) location.search = `?from=${one}&to=${other}`;
  });
}
