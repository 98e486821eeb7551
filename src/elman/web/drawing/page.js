/** The page's beginning: the traces that are in it, drawn. */

import { Explanation } from "./explanation.js";
import { opened } from "./trace.js";

const data = /** @type {HTMLElement} */ (document.getElementById("traces"));
const drawn = document.querySelector("elman-explanation");
if (drawn instanceof Explanation) drawn.draw(JSON.parse(data.textContent ?? "").map(opened));
