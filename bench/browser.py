"""How fast a step is in a browser: `make bench-browser`.

Opens the modules of `elman export --web` in a headless Chromium and times a cell's step there, one
stream on the page's only thread: the median over turns of 200 consecutive steps. Prints a table and
records it in bench/results. Nothing else should run meanwhile.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import elman
from elman.export.web import cell_program
from elman.web.files import exported_files
from tables import bench_parser, publish, table

CELLS = ("lstm", "gru", "elman", "mingru")
TEXT = "the quick brown fox jumps over the lazy dog\n" * 100

TIMED = """async (width) => {
    const { fetchModel } = await import("/runtime/model.js");
    const { model } = await fetchModel("/model.safetensors", "/cell.json");
    const { cell } = model.network.stack.blocks[0].mixer;
    const x = new Float32Array(width).map((_, i) => Math.sin(i));
    let state = cell.initialState();
    const turns = [];
    for (let turn = 0; turn < 40; turn++) {
      const begun = performance.now();
      for (let step = 0; step < 200; step++) [, state] = cell.step(x, state);
      turns.push((performance.now() - begun) / 200);
    }
    return turns.sort((a, b) => a - b)[20];
}"""


class Quiet(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")  # the next model is another
        super().end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder's address on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        sys.exit("There is no Chromium here. Try: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def main() -> None:
    parser = bench_parser(__doc__)
    parser.add_argument("--hidden-size", type=int, default=256)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as named, chromium() as browser:
        folder = Path(named)
        for name, file in exported_files().items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / name)
        (folder / "empty.html").write_text("<!doctype html><title>empty</title>")
        with served(folder) as address:
            page = browser.new_page()
            page.goto(f"{address}/empty.html")
            for cell in CELLS:
                model = elman.LanguageModel(
                    cell=cell,
                    hidden_size=options.hidden_size,
                    layers=1,
                    components=(),
                    steps=1,
                    counts="off",
                )
                model.fit(TEXT).save(folder / "model.safetensors")
                (folder / "cell.json").write_text(json.dumps(cell_program(model)))
                rows.append([cell, f"{page.evaluate(TIMED, options.hidden_size):.3f} ms"])
        version = browser.version
    text = table(rows, ("cell", f"a step, {options.hidden_size} wide")) + f"\n\nChromium {version}"
    publish("browser", text, record=not options.no_record)


if __name__ == "__main__":
    main()
