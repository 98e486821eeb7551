/** The explanation of what was typed, and of the same with a word left out, swapped or changed. */

import { Explanation } from "../drawing/explanation.js";
import { opened } from "../drawing/trace.js";
import { element } from "../runtime/elements.js";
import { ask } from "./asking.js";
import { textBox } from "./parts.js";

/** @param {import("./page.js").Place} place @param {() => string} typed */
export function explaining({ model, said, failed }, typed) {
  const drawn = new Explanation();
  const changed = textBox("Change it, and see both", { id: "changed", rows: 2 });
  const which = element("input", { type: "number", min: "1", value: "1" });
  const changing = element("section", { hidden: true }, element("h3", {}, "Another run"), changed.node);
  const button = (/** @type {string} */ words, /** @type {() => void} */ act) => {
    const made = element("button", { type: "button" }, words);
    made.addEventListener("click", act);
    return made;
  };
  let text = "";

  /** @param {string[]} texts */
  async function explain(...texts) {
    try {
      said("Explaining …");
      const plain = await Promise.all(texts.map((each) => ask(model, "explain", { text: each })));
      drawn.draw(plain.map(opened));
      changing.hidden = false;
      which.max = String(words().length);
      said("");
    } catch (error) {
      failed(error);
    }
  }

  const words = () => text.split(/\s+/).filter(Boolean);

  /** @param {(words: string[], place: number) => void} change */
  function reword(change) {
    const found = words();
    change(found, Math.min(found.length, Math.max(1, Number(which.value))) - 1);
    changed.box.value = found.join(" ");
    void explain(text, changed.box.value);
  }

  changing.append(
    element(
      "div",
      { className: "row" },
      button("Compare", () => void explain(text, changed.box.value)),
      element("label", { className: "slider" }, "Word", which),
      button("Leave it out", () => reword((found, place) => found.splice(place, 1))),
      button("Swap with the next", () =>
        reword((found, place) => found.splice(place, 2, ...found.slice(place, place + 2).reverse())),
      ),
    ),
  );
  const explainIt = button("Explain", () => {
    text = typed();
    changed.box.value = text;
    void explain(text);
  });
  explainIt.className = "main";
  return [element("div", { className: "row" }, explainIt), changing, drawn];
}
