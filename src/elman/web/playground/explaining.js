/** The explanation of what was typed; of a text also with a word left out, swapped or changed. */

import { Explanation } from "../drawing/explanation.js";
import { opened } from "../drawing/trace.js";
import { element } from "../runtime/elements.js";
import { ask } from "./asking.js";
import { textBox } from "../runtime/parts.js";

/** @typedef {import("./page.js").Place} Place */

/** Of a text. @param {Place} place @param {() => string} typed */
export function explaining(place, typed) {
  const { drawn, explain: draw } = explainer(place);
  const changed = textBox("Change it, and see both", { id: "changed", rows: 2 });
  const which = element("input", { type: "number", min: "1", value: "1" });
  const changing = element("section", { hidden: true }, element("h3", {}, "Another run"), changed.node);
  let text = "";

  /** @param {string[]} texts */
  async function explain(...texts) {
    if (!(await draw(...texts.map((each) => ({ text: each }))))) return;
    changing.hidden = false;
    which.max = String(words().length);
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

/** Of numbers. @param {Place} place @param {() => object} given what is asked
 * @param {Node[]} more that stands beside the button */
export function explainingNumbers(place, given, ...more) {
  const { drawn, explain } = explainer(place);
  const explainIt = button("Explain", () => void explain(given()));
  return [element("div", { className: "row" }, explainIt, ...more), drawn];
}

/** @param {Place} place */
function explainer({ model, said, failed }) {
  const drawn = new Explanation();

  /** Draw what is asked, one run or two. @param {object[]} asked @returns {Promise<boolean>} */
  async function explain(...asked) {
    try {
      said("Explaining …");
      const plain = await Promise.all(asked.map((each) => ask(model, "explain", each)));
      drawn.draw(plain.map(opened));
      said("");
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }
  return { drawn, explain };
}

/** @param {string} words @param {() => void} act */
function button(words, act) {
  const made = element("button", { type: "button" }, words);
  made.addEventListener("click", act);
  return made;
}
