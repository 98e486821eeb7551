/** The page of a trace: draws the traces that it contains. */

import { Explanation } from "./explanation.js";
import { parseTrace } from "./trace.js";

const data = /** @type {HTMLElement} */ (document.getElementById("traces"));
const packed = Uint8Array.from(atob(data.textContent ?? ""), (letter) => letter.charCodeAt(0));
const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
const traces = await new Response(stream).json();
const drawn = document.querySelector("elman-explanation");
if (drawn instanceof Explanation) drawn.draw(traces.map(parseTrace));
