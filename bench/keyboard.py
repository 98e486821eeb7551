"""How soon a keyboard answers in a browser: `make bench-browser`.

Serves a word model, then a character model, and types into the playground in a headless Chromium.
Measures from each key's event until its suggestions are in the page, and until the next frame
begins. Prints a table and records it in bench/results. Nothing else should run meanwhile.

The data is read from $ELMAN_DATA, by default ../shared/data.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from browser import chromium
from elman import LanguageModel
from tables import DATA, bench_parser, check_data, publish, table

LETTERS = 200
PAUSE = 120  # milliseconds between two letters, as of a fast typist

TIMED = """() => {
    const box = document.querySelector("#text");
    const row = document.querySelector("[aria-label=Suggestions]");
    window.times = [];
    let pressed = null;
    box.addEventListener("keydown", (event) => (pressed = event.timeStamp), { capture: true });
    new MutationObserver(() => {
      if (pressed === null || row.ariaBusy === "true") return;
      const begun = pressed, there = performance.now();
      pressed = null;
      requestAnimationFrame(() => window.times.push([there - begun, performance.now() - begun]));
    }).observe(row, { childList: true, attributes: true });
}"""


@contextmanager
def served(model: Path) -> Iterator[str]:
    """The playground's address."""
    command = [sys.executable, "-m", "elman", "serve", str(model), "--port", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        yield process.stderr.readline().rpartition(" at ")[2].strip()
        process.terminate()


def times(model: Path, text: str) -> np.ndarray:
    """(letters, 2): milliseconds until what is offered is in the page, and on the screen."""
    with served(model) as address, chromium() as browser:
        page = browser.new_page()
        page.goto(address)
        page.locator("[aria-label=Suggestions] button").first.wait_for()
        page.evaluate(TIMED)
        page.focus("#text")
        page.keyboard.type(text, delay=PAUSE)
        page.wait_for_timeout(500)
        return np.array(page.evaluate("times"))


def main() -> None:
    parser = bench_parser(__doc__)
    options = parser.parse_args()
    check_data()
    data = DATA / "keyboard_english"
    text = (data / "test.txt").read_text(encoding="utf-8")
    # Digits take a suggestion instead of being typed.
    written = "".join(each for each in text if each.isprintable() and not each.isdigit())[:LETTERS]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for tokenizer in ("word", "character"):
            model = Path(folder) / f"{tokenizer}.safetensors"
            LanguageModel(tokenizer=tokenizer, minutes=0.3).fit(data / "train.txt").save(model)
            found = times(model, written)
            for what, column in zip(("in the page", "at the next frame"), found.T, strict=True):
                spread = [f"{np.quantile(column, share):.1f} ms" for share in (0.5, 0.95)]
                rows.append([f"{tokenizer}s, {what}", *spread])
    header = (f"suggestions after a key, {len(found)} letters", "median", "95th percentile")
    text = table(rows, header) + f"\n\nLoad average: {os.getloadavg()[0]:.1f}"
    publish("keyboard", text, record=not options.no_record)


if __name__ == "__main__":
    main()
