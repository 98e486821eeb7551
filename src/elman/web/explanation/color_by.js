/** Chooses what colors the text: the attribution of an output, by one of two methods, or a hidden
 * unit. */

import { element } from "../components/elements.js";
import { bestOf, layerName, visible } from "./trace.js";

/** @typedef {import("./selection.js").Selection} Selection */

let groups = 0; // two runs on one page need radio groups of different names

/** @param {import("./trace.js").Trace} trace @param {import("./selection.js").Change} change
 * @returns {import("./selection.js").Drawing} */
export function colorBy(trace, change) {
  const group = `color-by-${groups++}`;
  const about = element("span", {});
  const radio = (
    /** @type {string} */ label,
    /** @type {string} */ title,
    /** @type {() => void} */ choose,
  ) => {
    const input = element("input", { type: "radio", name: group });
    input.addEventListener("change", choose);
    return { input, label: element("label", { title }, input, label) };
  };
  const gradient = radio("gradient × input", "The gradient of the output times the input", () =>
    change({ unit: null, method: "gradientXInput" }),
  );
  const occlusion = radio(
    "leaving each out",
    "Occlusion: the change when a token is left out",
    () => change({ unit: null, method: "occlusion" }),
  );
  const unit = radio("a hidden unit", "The value of one unit of the state", pick);
  const layer = element("select", { ariaLabel: "Layer of the unit" });
  const number = element("input", { type: "number", min: "1", value: "1", ariaLabel: "Unit" });
  layer.addEventListener("change", pick);
  number.addEventListener("input", pick);
  let sequence = -1;

  function pick() {
    const most = Number(number.max);
    const unit = Math.min(Math.max(Math.trunc(Number(number.value)) || 1, 1), most) - 1;
    change({ unit: { layer: Number(layer.value), unit } });
  }

  /** @param {Selection} selection */
  function show(selection) {
    const { layers } = trace.sequences[selection.sequence];
    if (selection.sequence !== sequence) {
      sequence = selection.sequence;
      layer.replaceChildren(
        ...layers.map((each, n) =>
          element("option", { value: String(n) }, `of ${layerName(each)}`),
        ),
      );
      layer.value = String(layers.length - 1);
    }
    unit.input.checked = selection.unit !== null;
    gradient.input.checked = selection.unit === null && selection.method === "gradientXInput";
    occlusion.input.checked = selection.unit === null && selection.method === "occlusion";
    if (selection.unit !== null) {
      layer.value = String(selection.unit.layer);
      const typed = Number(number.value);
      if (typed !== selection.unit.unit + 1) number.value = String(selection.unit.unit + 1);
    }
    number.max = String(Object.values(layers[Number(layer.value)].states)[0].width);
    const output = selection.output === null ? undefined : trace.outputs[selection.output];
    const target = output && (output.target?.text ?? bestOf(output).text);
    about.textContent =
      target === undefined
        ? "Colors of the text:"
        : `Colors: how much each token adds to “${visible(target)}”, by`;
  }

  const attributed = trace.outputs.length > 0;
  if (!attributed) about.textContent = "Colors of the text:";
  const node = element(
    "fieldset",
    { className: "color-by" },
    element("legend", {}, about),
    ...(attributed ? [occlusion.label, gradient.label] : []),
    element("span", { className: "hidden-unit" }, unit.label, number, layer),
  );
  return { node, show };
}
