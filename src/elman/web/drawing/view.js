/** What of a trace is looked at, and what follows from that: the numbers that colour its tokens. */

/** @typedef {import("./trace.js").Trace} Trace
 * @typedef {import("./trace.js").Output} Output */

/** @typedef {"gradient" | "left_out"} Method
 * @typedef {{layer: number, unit: number}} Unit its layer's place in the reading, and its own
 * @typedef {object} View
 * @property {number} reading whose network is drawn
 * @property {number} time the symbol that has just been read
 * @property {number} looked the symbol whose gates are shown: time, or what the pointer is on
 * @property {number | null} output whose grounds are shown, as a place in outputs
 * @property {Method} method how they are found
 * @property {Unit | null} unit that colours the text, in place of an output's grounds
 */

/** @typedef {(change: Partial<View>) => void} Change
 * @typedef {{node: HTMLElement, show: (view: View) => void}} Drawing */

/** What is looked at first: the end. @param {Trace} trace @returns {View} */
export function first(trace) {
  const output = trace.outputs.length - 1;
  const drawn = trace.readings.findIndex((each) => each.layers.length > 0);
  const reading = trace.outputs[output]?.reading ?? Math.max(0, drawn);
  const time = trace.outputs[output]?.after ?? trace.readings[reading].tokens.length - 1;
  const found = output < 0 ? null : output;
  return { reading, time, looked: time, output: found, method: "gradient", unit: null };
}

/** The output after a symbol; where there is none, what was shown stays.
 * @param {Trace} trace @param {View} view */
export function outputAt(trace, view) {
  const found = trace.outputs.findIndex(
    (each) => each.reading === view.reading && each.after === view.time,
  );
  return found < 0 ? view.output : found;
}

/** A number for each symbol of a reading; null where there is none.
 * @param {Trace} trace @param {View} view @param {number} reading
 * @returns {(number | null)[]} */
export function emphasis(trace, view, reading) {
  const { tokens, layers } = trace.readings[reading];
  if (view.unit !== null) {
    const strip = reading === view.reading && Object.values(layers[view.unit.layer].states)[0];
    if (!strip) return tokens.map(() => null);
    const { unit } = view.unit;
    return tokens.map((_, time) => strip.row(time)[unit]);
  }
  const output = view.output === null ? undefined : trace.outputs[view.output];
  const found = output?.rests.find((each) => each.reading === reading)?.[view.method] ?? [];
  return tokens.map((_, place) => found[place] ?? null);
}

/** The largest of them, over all readings: what has the full colour.
 * @param {Trace} trace @param {View} view */
export function strongest(trace, view) {
  const all = trace.readings.flatMap((_, reading) => emphasis(trace, view, reading));
  return all.reduce((/** @type {number} */ most, each) => Math.max(most, Math.abs(each ?? 0)), 0);
}
