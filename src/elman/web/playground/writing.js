/** A language model: a keyboard, and its text written on with sliders. */

import { element } from "../runtime/elements.js";
import { written } from "./asking.js";
import { Keyboard } from "./keyboard.js";
import { numberBox, slider } from "../runtime/parts.js";

/** @param {import("./page.js").Place} place */
export function writerView(place) {
  const keyboard = new Keyboard();
  const write = element("button", { type: "button", className: "main" }, "Write on");
  const shown = element("p", { className: "written", id: "written", ariaLive: "off" });
  const temperature = slider("Temperature", { min: 0, max: 2, step: 0.05, value: 0.8 });
  const topP = slider("Top-p", { min: 0.05, max: 1, step: 0.01, value: 0.95 });
  const length = slider("Symbols", { min: 10, max: 2000, step: 10, value: 300 });
  const seed = numberBox("Seed", 1);
  /** @type {AbortController | null} */
  let writing = null;

  async function writeOn() {
    writing = new AbortController();
    write.textContent = "Stop";
    const prompt = /** @type {HTMLTextAreaElement} */ (keyboard.querySelector("textarea")).value;
    const asked = {
      prompt,
      length: Number(length.input.value),
      temperature: Number(temperature.input.value),
      top_p: Number(topP.input.value),
      seed: Math.max(0, Math.trunc(Number(seed.input.value))),
    };
    shown.replaceChildren(element("span", { className: "given" }, prompt));
    try {
      for await (const piece of written(place.model, asked, writing.signal)) shown.append(piece);
      place.said("");
    } catch (error) {
      if (!writing.signal.aborted) place.failed(error);
    }
    writing = null;
    write.textContent = "Write on";
  }

  write.addEventListener("click", () => (writing ? writing.abort() : void writeOn()));
  keyboard.begin(place);
  const sliders = [temperature, topP, length, seed].map((each) => each.node);
  return [keyboard, element("div", { className: "row" }, write, ...sliders), shown];
}
