/** A translator on the page: the best targets of a text, and what each symbol looked at. */

import { attentionGrid } from "../drawing/attention.js";
import { element } from "./elements.js";
import { target, textBox } from "./parts.js";
import { inTurns } from "./turns.js";

const TARGETS = 3;
const LONGEST = 10_000; // characters

/** @param {import("./translator.js").Translator} model */
export function translatorView(model) {
  const { box, node } = textBox("Text", { id: "text", maxLength: LONGEST });
  const shown = element("div", { id: "targets", ariaLive: "polite" });
  let typed = 0;

  async function translate() {
    const mine = ++typed;
    const text = box.value;
    const found = await inTurns(model.rewrites(text, TARGETS), () => mine === typed);
    if (found === null) return; // something else was typed meanwhile
    const targets = found.map((each, place) => target(each, place ? "other" : "best"));
    shown.replaceChildren(...targets);
    if (found.length && model.attends) {
      const { attention, pieces } = found[0];
      const drawn = attentionGrid(attention, model.read(text), pieces);
      shown.append(element("h2", {}, "Attention"), drawn);
    }
  }

  box.addEventListener("input", () => void translate());
  return [node, shown];
}
