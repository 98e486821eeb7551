"""The folders that a browser is shown, and models that need no training."""

from __future__ import annotations

import copy
import json
import shutil
import threading
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

import elman
from elman.export import write_web
from elman.export.web import cell_program
from elman.nn.language_model import LanguageModelNetwork
from elman.tasks.language_modeling.config import architecture_of
from elman.text.tokenizers.table import TOKENIZERS
from elman.web.files import exported_files

COMPONENTS = ("norm", "convolution", "gate", "residual", "mlp")


@pytest.fixture(autouse=True)
def products_in_float32(monkeypatch):
    """As the browser and ONNX Runtime have them, on a machine that is faster with fewer bits."""
    monkeypatch.setattr("elman.training.precision.fast_type", lambda _: None)


def rounded_in_place(model):
    """Make the model int8; a copy of it that multiplies in float32, as the browser does."""
    copied = copy.deepcopy(model.to_int8())
    copied._quantised = None
    return copied


class Quiet(SimpleHTTPRequestHandler):
    def end_headers(self):
        # The next model is another; the modules are the same in each folder.
        rule = "max-age=600" if self.path.endswith(".js") else "no-store"
        self.send_header("Cache-Control", rule)
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder, and the address on loopback where its files are."""
    folder = tmp_path_factory.mktemp("site")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def copy_runtime(folder):
    """The page and its modules, without a model."""
    for name, file in exported_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / name)


@pytest.fixture(scope="session")
def page(chromium, site):
    """An empty page beside the modules; `run` imports them."""
    folder, address = site
    copy_runtime(folder)
    (folder / "empty.html").write_text("<!doctype html><title>empty</title>")
    page = chromium.new_page()
    page.goto(f"{address}/empty.html")
    yield page
    page.close()


@pytest.fixture(scope="session")
def run(page):
    """Run JavaScript with all that some modules export, and with what is `given`."""

    def run(modules, code, given=None):
        imports = "".join(
            f"Object.assign(all, await import('/runtime/{name}'));" for name in modules.split()
        )
        return page.evaluate(
            f"""async (given) => {{
                const all = {{}}; {imports}
                const names = Object.keys(all);
                const work = new Function(...names, "given", {code!r});
                return work(...names.map((name) => all[name]), given);
            }}""",
            given,
        )

    return run


@pytest.fixture(scope="session")
def shown(run, site):
    """Have a model opened in the browser, and run JavaScript with it."""
    folder, _ = site

    def shown(model, code, given=None):
        model.save(folder / "shown.safetensors")
        (folder / "cell.json").write_text(json.dumps(cell_program(model)))
        loaded = "await fetchModel('/shown.safetensors', '/cell.json')"
        fetch = f"return (async () => {{ const {{ model }} = {loaded};"
        return run("model.js rng.js", f"{fetch} {code} }})()", given)

    return shown


@pytest.fixture
def visit(window, site, tmp_path):
    """Export a model and open its page; nothing may go wrong there, or be asked of elsewhere.

    `visit(model, **settings)`: the page; the settings are those of `window`.
    """
    folder, address = site
    wrong, asked = [], []
    heard = {
        "request": lambda request: asked.append(request.url),
        "pageerror": lambda error: wrong.append(str(error)),
        "console": lambda message: wrong.append(message.text),
    }
    pages = []

    def visit(model, **settings):
        model.save(tmp_path / "model.st")
        shutil.rmtree(folder / "page", ignore_errors=True)
        write_web(tmp_path / "model.st", folder / "page")
        page = window(**settings)
        if not pages:
            pages.append(page)
            for event, hear in heard.items():
                page.on(event, hear)
        page.goto(f"{address}/page/")
        page.wait_for_selector("textarea")
        return page

    yield visit
    for page in pages:
        for event, hear in heard.items():
            page.remove_listener(event, hear)
    assert wrong == []
    assert {url for url in asked if not url.startswith((f"{address}/page/", "data:"))} == set()


def language_model(tokenizer="character", *, text="", seed=0, **settings):
    """A language model with weights that no training has touched, and livelier than at first."""
    settings = {"hidden_size": 16, "layers": 2, **settings}
    model = elman.LanguageModel(tokenizer=tokenizer, **settings)
    model.tokenizer_ = TOKENIZERS[tokenizer].learn([text or "the quick brown fox\njumps over it\n"])
    torch.manual_seed(seed)
    model.network_ = livened(LanguageModelNetwork(architecture_of(model, model.tokenizer_.size)))
    model.learned_, model.record_ = Counter(), {}
    return model


def livened(network):
    """A new network with weights that say more than they do at first."""
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight.add_(0.2 * torch.randn_like(weight))
            if "h2h.weight" in name:
                weight.mul_(0.4)  # or nothing would bound a network with ReLU
    return network.eval()
