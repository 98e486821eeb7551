/** Numbers that are pasted, or read from a file in the browser. */

import { element } from "./elements.js";
import { textBox } from "./parts.js";

/** Rows of numbers; what is no number (a header, a date) is left out. @param {string} text */
export function rowsOf(text) {
  const rows = text.split(/\r?\n/).map((line) =>
    line
      .split(/[\s,;]+/)
      .filter((cell) => cell !== "" && Number.isFinite(Number(cell)))
      .map(Number),
  );
  return rows.filter((row) => row.length > 0);
}

/** @param {string} label @param {(text: string) => void} ready */
export function numbersBox(label, ready) {
  const { box, node } = textBox(label, { id: "text", rows: 5 });
  const file = element("input", { type: "file", accept: ".csv,.tsv,.txt", ariaLabel: "From a file" });
  const go = element("button", { type: "button", className: "main" }, "Show");
  file.addEventListener("change", async () => {
    box.value = (await file.files?.[0]?.text()) ?? box.value;
    ready(box.value);
  });
  go.addEventListener("click", () => ready(box.value));
  return { box, node: element("div", {}, node, element("div", { className: "row" }, go, file)) };
}
