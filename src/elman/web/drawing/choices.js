/** What colours the text: an output's grounds, found in one of two ways, or a unit of a state. */

import { element } from "../runtime/elements.js";
import { said, visible } from "./trace.js";

/** @typedef {import("./trace.js").Trace} Trace
 * @typedef {import("./view.js").View} View */

let made = 0; // choices of two runs on one page must not share a name

/** @param {Trace} trace @param {import("./view.js").Change} change
 * @returns {import("./view.js").Drawing} */
export function choices(trace, change) {
  const group = `colours-${made++}`;
  const about = element("span", {});
  const radio = (/** @type {string} */ words, /** @type {() => void} */ chosen) => {
    const input = element("input", { type: "radio", name: group });
    input.addEventListener("change", chosen);
    return { input, label: element("label", {}, input, words) };
  };
  const gradient = radio("gradient × input", () => change({ unit: null, method: "gradient" }));
  const leaving = radio("leaving it out", () => change({ unit: null, method: "left_out" }));
  const unit = radio("a unit", pick);
  const layer = element("select", { ariaLabel: "Layer of the unit" });
  const number = element("input", { type: "number", min: "1", value: "1", ariaLabel: "Unit" });
  layer.addEventListener("change", pick);
  number.addEventListener("input", pick);
  let reading = -1;

  function pick() {
    const most = Number(number.max);
    const unit = Math.min(Math.max(Math.trunc(Number(number.value)) || 1, 1), most) - 1;
    change({ unit: { layer: Number(layer.value), unit } });
  }

  /** @param {View} view */
  function show(view) {
    const { layers } = trace.readings[view.reading];
    if (view.reading !== reading) {
      reading = view.reading;
      layer.replaceChildren(
        ...layers.map(({ layer, direction }, value) =>
          element(
            "option",
            { value: String(value) },
            `of layer ${layer}${direction === "backward" ? ", backward" : ""}`,
          ),
        ),
      );
      layer.value = String(layers.length - 1);
    }
    unit.input.checked = view.unit !== null;
    gradient.input.checked = view.unit === null && view.method === "gradient";
    leaving.input.checked = view.unit === null && view.method === "left_out";
    if (view.unit !== null) {
      layer.value = String(view.unit.layer);
      const typed = Number(number.value);
      if (typed !== view.unit.unit + 1) number.value = String(view.unit.unit + 1);
    }
    number.max = String(Object.values(layers[Number(layer.value)].states)[0].width);
    const output = view.output === null ? undefined : trace.outputs[view.output];
    const target = output && (output.taken?.text ?? said(output).text);
    about.textContent = target === undefined ? "The text by" : `What “${visible(target)}” rests on, by`;
  }

  const speaks = trace.outputs.length > 0;
  if (!speaks) about.textContent = "The text by";
  const node = element(
    "fieldset",
    { className: "choices" },
    element("legend", {}, about),
    ...(speaks ? [gradient.label, leaving.label] : []),
    element("span", { className: "unit" }, unit.label, number, layer),
  );
  return { node, show };
}
