/** A classifier on the page: a text, its classes, and the answer after each word. */

import { element, percent } from "./elements.js";
import { annotated } from "./parts.js";

/** @typedef {import("./classifier.js").Classifier} Classifier */

const SHOWN = 8; // classes

/** @param {Classifier} model */
export function classifierView(model) {
  const text = element("textarea", { id: "text" });
  const classes = element("ol", { className: "classes", id: "classes", ariaLabel: "Classes" });
  const running = element("div", { role: "group", ariaLabel: "After each word" });

  /** @param {number[]} probabilities */
  function ranked(probabilities) {
    return model.labels
      .map((label, place) => ({ label: String(label), probability: probabilities[place] }))
      .sort((a, b) => b.probability - a.probability);
  }

  function judge() {
    const answers = ranked(model.probabilities(text.value)).slice(0, SHOWN);
    classes.replaceChildren(
      ...answers.map(({ label, probability }) =>
        element(
          "li",
          {},
          label,
          element("meter", { value: probability, ariaLabel: label }),
          percent(probability),
        ),
      ),
    );
    const words = model.running(text.value).filter(({ symbol }) => typeof symbol === "string");
    const below = words.map(({ symbol, probabilities }) => {
      const [first] = ranked(probabilities);
      const answer = `${first.label} ${percent(first.probability)}`;
      return /** @type {[string, string]} */ ([String(symbol), answer]);
    });
    running.replaceChildren(annotated(below));
  }

  text.addEventListener("input", judge);
  judge();
  return [element("label", {}, "Text", text), classes, running];
}
