// Makes elements. Text is always text; nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name @param {Record<string, any>} attributes `on…` are listeners; null and false are left out
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** @param {string} name one of the symbols in the page @returns {SVGSVGElement} */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** @param {string} id @returns {any} an element that the page always has */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

const drawn = new WeakMap();

/**
 * Draws into `place` if what is to be shown has changed, so that nothing moves under a finger without need.
 * @param {HTMLElement} place @param {unknown} shown whatever decides the drawing
 * @param {() => (Node | null | false)[]} make
 */
export function paint(place, shown, make) {
  const mark = JSON.stringify(shown);
  if (drawn.get(place) === mark) return;
  drawn.set(place, mark);
  const children = make().filter((child) => child instanceof Node);
  place.replaceChildren(.../** @type {Node[]} */ (children));
  place.hidden = children.length === 0;
}
