/** Colors of numbers: from orange (negative) through the paper's color to blue, which people with color
 * blindness can tell apart. Bars and figures say the same. The ends are the tokens of tokens.css.
 */

/** @typedef {number[]} Color red, green, blue */
/** @typedef {{zero: Color, positive: Color, negative: Color}} Palette */

const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** By whether the scheme is dark. @type {Map<boolean, Palette>} */
const palettes = new Map();

/** @returns {Palette} */
function palette() {
  let found = palettes.get(dark.matches);
  if (found === undefined) {
    found = { zero: designToken("--zero"), positive: designToken("--positive"), negative: designToken("--negative") };
    palettes.set(dark.matches, found);
  }
  return found;
}

/** A design token as numbers. @param {string} name @returns {Color} */
function designToken(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

/** Redraw what is drawn in pixels when the color scheme changes. @param {() => void} draw
 * @param {AbortSignal} signal */
export function onSchemeChange(draw, signal) {
  dark.addEventListener("change", draw, { signal });
}

/** The color of a share from -1 to 1. @param {number} share @returns {Color} */
export function colorOf(share) {
  const { zero, positive, negative } = palette();
  const end = share < 0 ? negative : positive;
  const part = Math.min(1, Math.abs(share)) ** 0.8; // makes small numbers visible
  return zero.map((from, channel) => Math.round(from + part * (end[channel] - from)));
}

/** The same for CSS. @param {number} share */
export function css(share) {
  return `rgb(${colorOf(share).join(" ")})`;
}

/** The color of text on it. @param {number} share */
export function inkOn(share) {
  const [red, green, blue] = colorOf(share);
  return 0.3 * red + 0.59 * green + 0.11 * blue > 128 ? "var(--on-light)" : "var(--on-dark)";
}
