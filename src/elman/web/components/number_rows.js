/** A box for rows of numbers: typed, pasted, or read from a file in the browser. */

import { button, textBox } from "./controls.js";
import { element } from "./elements.js";

/** Rows of numbers; cells that are not numbers (headers, dates) are left out.
 * @param {string} text */
export function rowsOf(text) {
  const rows = text.split(/\r?\n/).map((line) =>
    line
      .split(/[\s,;]+/)
      .filter((cell) => cell !== "" && Number.isFinite(Number(cell)))
      .map(Number),
  );
  return rows.filter((row) => row.length > 0);
}

/** @param {string} label @param {(text: string) => void} show called with the text of the box */
export function numbersBox(label, show) {
  const { box, node } = textBox(label, { id: "text", rows: 5 });
  const file = element("input", {
    type: "file",
    accept: ".csv,.tsv,.txt",
    ariaLabel: "From a file",
  });
  file.addEventListener("change", async () => {
    box.value = (await file.files?.[0]?.text()) ?? box.value;
    show(box.value);
  });
  const run = button("Show", () => show(box.value));
  run.className = "main";
  return { box, node: element("div", {}, node, element("div", { className: "row" }, run, file)) };
}
