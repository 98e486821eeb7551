/** What is selected in a trace, and the numbers that color its tokens accordingly. */

/** @typedef {import("./trace.js").Trace} Trace */

/** @typedef {"gradientXInput" | "occlusion"} Method
 * @typedef {{layer: number, unit: number}} HiddenUnit by the index of its layer in the sequence
 * @typedef {object} Selection
 * @property {number} sequence whose network is drawn
 * @property {number} time the token read last
 * @property {number} inspected the token whose gates are shown: time, or the one under the pointer
 * @property {number | null} output whose attribution is shown, by its index
 * @property {Method} method of the attribution
 * @property {HiddenUnit | null} unit that colors the text instead of an attribution
 */

/** @typedef {(change: Partial<Selection>) => void} Change
 * @typedef {{node: HTMLElement, show: (selection: Selection) => void}} Drawing */

/** The end of a trace, which is selected at first. @param {Trace} trace @returns {Selection} */
export function initialSelection(trace) {
  const output = trace.outputs.length - 1;
  const drawn = trace.sequences.findIndex((each) => each.layers.length > 0);
  const sequence = trace.outputs[output]?.sequence ?? Math.max(0, drawn);
  const time = trace.outputs[output]?.after ?? trace.sequences[sequence].tokens.length - 1;
  const found = output < 0 ? null : output;
  return { sequence, time, inspected: time, output: found, method: "occlusion", unit: null };
}

/** The index of the output after a token; without one, the output stays selected.
 * @param {Trace} trace @param {Selection} selection */
export function outputAt(trace, selection) {
  const found = trace.outputs.findIndex(
    (each) => each.sequence === selection.sequence && each.after === selection.time,
  );
  return found < 0 ? selection.output : found;
}

/** A number for each token of a sequence; null where there is none.
 * @param {Trace} trace @param {Selection} selection @param {number} sequence
 * @returns {(number | null)[]} */
export function highlights(trace, { sequence: selected, output, method, unit }, sequence) {
  const { tokens, layers } = trace.sequences[sequence];
  if (unit !== null) {
    const state = sequence === selected && Object.values(layers[unit.layer].states)[0];
    if (!state) return tokens.map(() => null);
    return tokens.map((_, time) => state.row(time)[unit.unit]);
  }
  const shown = output === null ? undefined : trace.outputs[output];
  const found = shown?.attributions.find((each) => each.sequence === sequence)?.[method] ?? [];
  return tokens.map((_, time) => found[time] ?? null);
}

/** The largest of them over all sequences, which gets the full color.
 * @param {Trace} trace @param {Selection} selection */
export function strongest(trace, selection) {
  const all = trace.sequences.flatMap((_, sequence) => highlights(trace, selection, sequence));
  return all.reduce((/** @type {number} */ most, each) => Math.max(most, Math.abs(each ?? 0)), 0);
}
