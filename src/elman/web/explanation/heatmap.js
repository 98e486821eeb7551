/** A row of a matrix as a block of squares: one pixel a unit, enlarged by the browser. */

import { element } from "../components/elements.js";
import { colorOf } from "./colors.js";

/** The columns of a block. @param {number} width of the matrix */
export function columnsOf(width) {
  if (width <= 12) return width;
  return width <= 128 ? 8 : 16;
}

/** @param {ArrayLike<number>} row @param {number} largest number, which gets the full color */
export function block(row, largest) {
  const columns = columnsOf(row.length);
  const canvas = element("canvas", {
    className: "block",
    width: columns,
    height: Math.ceil(row.length / columns),
  });
  paint(canvas, row, largest);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @param {ArrayLike<number>} row @param {number} largest */
export function paint(canvas, row, largest) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  for (let unit = 0; unit < row.length; unit++) {
    image.data.set(colorOf(largest ? row[unit] / largest : 0), 4 * unit);
    image.data[4 * unit + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** The unit under the pointer, or null. @param {HTMLCanvasElement} canvas @param {MouseEvent} event
 * @param {number} width of the matrix */
export function unitAt(canvas, event, width) {
  const box = canvas.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * canvas.width);
  const line = Math.floor(((event.clientY - box.top) / box.height) * canvas.height);
  const unit = line * canvas.width + column;
  return column >= 0 && column < canvas.width && unit >= 0 && unit < width ? unit : null;
}

/** A frame around a unit, in a box of the size of the block. @param {number} unit
 * @param {HTMLCanvasElement} canvas */
export function mark(unit, canvas) {
  const frame = element("i", { className: "marked" });
  const [wide, high] = [100 / canvas.width, 100 / canvas.height];
  frame.style.left = `${(unit % canvas.width) * wide}%`;
  frame.style.top = `${Math.floor(unit / canvas.width) * high}%`;
  frame.style.width = `${wide}%`;
  frame.style.height = `${high}%`;
  return frame;
}
