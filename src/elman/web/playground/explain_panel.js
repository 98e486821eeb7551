/** The explanation of an input; of a text also beside that of a changed one. */

import { button, numberBox, textBox } from "../components/controls.js";
import { element } from "../components/elements.js";
import { Explanation } from "../explanation/explanation.js";
import { parseTrace } from "../explanation/trace.js";

/** @typedef {import("../views/page.js").Page<import("./api.js").ModelApi>} Page */

/** @param {Page} page @param {() => string} typed */
export function explainText(page, typed) {
  const { explanation, explain: draw } = explainer(page);
  const changed = textBox("Change the text, and compare", { id: "changed", rows: 2 });
  const which = numberBox("Word", 1, 1);
  const heading = element("h3", {}, "A second run");
  const second = element("section", { hidden: true }, heading, changed.node);
  let text = "";

  /** @param {string[]} texts */
  async function explain(...texts) {
    if (!(await draw(...texts.map((each) => ({ text: each }))))) return;
    second.hidden = false;
    which.input.max = String(words().length);
  }

  const words = () => text.split(/\s+/).filter(Boolean);

  /** @param {(words: string[], index: number) => void} change */
  function reword(change) {
    const found = words();
    change(found, Math.min(found.length, Math.max(1, Number(which.input.value))) - 1);
    changed.box.value = found.join(" ");
    void explain(text, changed.box.value);
  }

  second.append(
    element(
      "div",
      { className: "row" },
      button("Compare", () => void explain(text, changed.box.value)),
      which.node,
      button("Remove it", () => reword((found, index) => found.splice(index, 1))),
      button("Swap with the next", () =>
        reword((found, index) =>
          found.splice(index, 2, ...found.slice(index, index + 2).reverse()),
        ),
      ),
    ),
  );
  const begin = button("Explain", () => {
    text = typed();
    changed.box.value = text;
    void explain(text);
  });
  begin.className = "main";
  return [element("div", { className: "row" }, begin), second, explanation];
}

/** @param {Page} page
 * @param {() => object} input of the request @param {Node[]} beside the button */
export function explainNumbers(page, input, ...beside) {
  const { explanation, explain } = explainer(page);
  const begin = button("Explain", () => void explain(input()));
  return [element("div", { className: "row" }, begin, ...beside), explanation];
}

/** @param {Page} page */
function explainer(page) {
  const explanation = new Explanation();

  /** Draw one run or two. @param {object[]} inputs @returns {Promise<boolean>} whether it worked */
  async function explain(...inputs) {
    try {
      page.setStatus("Explaining …");
      const traces = await Promise.all(inputs.map((each) => page.client.post("explain", each)));
      explanation.draw(traces.map(parseTrace));
      page.setStatus("");
      return true;
    } catch (error) {
      page.showError(error);
      return false;
    }
  }
  return { explanation, explain };
}
