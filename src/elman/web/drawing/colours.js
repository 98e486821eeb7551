/** Colours for numbers: from orange, for what is negative, through the paper's to blue; eyes of all
 * kinds tell the two apart. They are never the only sign: bars and figures say the same.
 */

/** @typedef {[number, number, number]} Colour */

const LIGHT = { mid: rgb(247, 246, 243), blue: rgb(17, 88, 160), orange: rgb(206, 96, 0) };
const DARK = { mid: rgb(38, 40, 46), blue: rgb(96, 178, 255), orange: rgb(255, 158, 66) };

const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** @param {number} red @param {number} green @param {number} blue @returns {Colour} */
function rgb(red, green, blue) {
  return [red, green, blue];
}

/** Call when the look changes, for what is drawn in pixels. @param {() => void} draw
 * @param {AbortSignal} signal */
export function onLook(draw, signal) {
  dark.addEventListener("change", draw, { signal });
}

/** Of a share from -1 to 1. @param {number} share @returns {Colour} */
export function colour(share) {
  const look = dark.matches ? DARK : LIGHT;
  const end = share < 0 ? look.orange : look.blue;
  const part = Math.min(1, Math.abs(share)) ** 0.8; // what is small can be seen too
  const mixed = look.mid.map((from, place) => Math.round(from + part * (end[place] - from)));
  return rgb(mixed[0], mixed[1], mixed[2]);
}

/** The same for CSS. @param {number} share */
export function css(share) {
  return `rgb(${colour(share).join(" ")})`;
}

/** What is read best on that colour. @param {number} share */
export function inkOn(share) {
  const [red, green, blue] = colour(share);
  return 0.3 * red + 0.59 * green + 0.11 * blue > 128 ? "#16181c" : "#ffffff";
}
