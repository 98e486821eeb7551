"""Which package may import which (docs/design.md, section 2), and what no file holds."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import elman

SOURCE = Path(elman.__file__).parent

# Bottom to top: a package imports only from layers above its own line; those of one line do not
# import each other.
LAYERS = [
    {"version", "errors"},
    {"ranges", "extras"},
    {"text", "examples"},
    {"data"},
    {"cells"},
    {"kernels"},
    {"bundle", "counts"},
    {"nn"},
    {"training"},
    {"decoding"},
    {"metrics", "explain"},
    {"export.onnx", "console", "web", "server.operations"},
    {"tasks"},
    {"keyboard", "export"},
    {"server"},
    {"cli"},
]
LAYER = {package: number for number, packages in enumerate(LAYERS) for package in packages}
SHARED = {"seq2seq"}  # folders of tasks/ that are no task: tasks share them
PUBLIC = {"__init__", "__main__"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__", "execfile"}

FILES = {str(path.relative_to(SOURCE)): path for path in sorted(SOURCE.rglob("*.py"))}
each_file = pytest.mark.parametrize("name", FILES)


def imports_in(source, package):
    """Every module that an import names, wherever it stands, in full, with its line."""
    result = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            result |= {alias.name: node.lineno for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level]
            module = ".".join([*(base if node.level else []), *filter(None, [node.module])])
            result |= dict.fromkeys(_named(module, node.names), node.lineno)
    return result


def _named(module, aliases):
    yield module
    yield from (f"{module}.{alias.name}" for alias in aliases)


def package_of(module):
    """The entry of LAYERS that a module of elman belongs to; "__init__" for elman itself."""
    parts = module.split(".")[1:]
    two = ".".join(parts[:2])
    return two if two in LAYER else (parts[0] if parts else "__init__")


def misplaced(importer, source):
    """The imports of packages that are not in a layer above, each with its line.

    `from elman import x` is one of them: it imports whatever is behind the public name.
    """
    own = package_of(importer)
    allowed = {other for other in LAYER if LAYER[other] < LAYER[own]} | {own}
    package = importer.rpartition(".")[0]
    named = [(name, line) for name, line in imports_in(source, package).items() if "." in name]
    bare = [
        ("elman", line) for name, line in imports_in(source, package).items() if name == "elman"
    ]
    result = {}
    for name, line in [*named, *bare]:
        if name.split(".")[0] != "elman":
            continue
        other = package_of(name)
        public = name.count(".") < 2 and other not in LAYER
        if public or other not in allowed:
            result["__init__" if public else other] = line
    return result


def module_of(name):
    return ".".join(["elman", *Path(name).with_suffix("").parts])


@each_file
def test_a_package_imports_only_from_layers_above(name):
    if module_of(name).split(".")[1] in PUBLIC:
        return
    own = package_of(module_of(name))
    for other, line in misplaced(module_of(name), FILES[name].read_text()).items():
        pytest.fail(
            f"src/elman/{name}:{line}: {own} may not import {other}. Move the code to the layer "
            f"that needs it, or pass what it needs as an argument (LAYERS in {Path(__file__).name})"
        )


TASK_FOLDERS = {path.parent.name for path in SOURCE.glob("tasks/*/model.py")}


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("tasks/")])
def test_tasks_do_not_import_each_other(name):
    own = Path(name).parts[1]
    package = module_of(name).rpartition(".")[0]
    for module, line in imports_in(FILES[name].read_text(), package).items():
        parts = module.split(".")
        if parts[:2] == ["elman", "tasks"] and own in TASK_FOLDERS | SHARED:
            assert not set(parts[2:3]) & (TASK_FOLDERS - {own}), (
                f"src/elman/{name}:{line}: {own} may not import {parts[2]}. Move what both need to "
                "a module beside the tasks"
            )


def test_every_package_has_its_layer():
    assert {package_of(module_of(name)) for name in FILES} - PUBLIC == set(LAYER)


def test_no_class_name_is_defined_twice():
    modules = defaultdict(list)
    for name, path in FILES.items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                modules[node.name].append(f"src/elman/{name}:{node.lineno}")
    assert not {name: where for name, where in modules.items() if len(where) > 1}


@pytest.mark.parametrize(
    "source",
    [
        "import elman.tasks",
        "from elman.decoding import read",
        "def later():\n    from elman.training import train",
        "from ..tasks import load",
        "from elman import tasks",
        "from elman import LanguageModel",
        "import elman",
        "from .. import cli",
        "if TYPE_CHECKING:\n    from elman.decoding.generation import write",
    ],
)
def test_an_import_of_a_layer_below_is_detected(source):
    assert misplaced("elman.kernels.scan", source)


def test_an_import_of_a_layer_above_is_not():
    source = "from elman.cells import Cell\nfrom . import fused_ops"
    assert not misplaced("elman.kernels.scan", source)


def test_a_package_within_a_package_has_a_layer_of_its_own():
    assert misplaced("elman.export.onnx.graph", "from elman.export.web import write_web")
    assert not misplaced("elman.export.web", "from elman.export.onnx.graph import Graph")


@each_file
def test_no_file_is_long(name):
    assert len(FILES[name].read_text().splitlines()) <= 400


@each_file
def test_no_module_has_an_empty_name(name):
    assert not EMPTY_NAMES & {part.removesuffix(".py") for part in Path(name).parts}


def unsafe(source):
    """What in a source could execute the content of a file."""
    result = {module.split(".")[0] for module in imports_in(source, "elman")} & UNSAFE_MODULES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in UNSAFE_CALLS:
            result.add(node.id)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"torch.load", "torch.save"}:
            result.add(ast.unparse(node))
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            result.add("allow_pickle")
        if isinstance(node, ast.ImportFrom) and node.module == "torch":
            result |= {f"torch.{a.name}" for a in node.names if a.name in {"load", "save"}}
    return result


@each_file
def test_nothing_executes_the_content_of_a_file(name):
    assert not unsafe(FILES[name].read_text())


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "torch.load(path)",
        "from torch import load",
        "eval('1')",
        "run = exec",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_what_is_unsafe_is_detected(source):
    assert unsafe(source)


def test_what_is_safe_is_left_alone():
    assert not unsafe("network.eval()\nre.compile('a')\njson.load(file)\nload_file(path)")


def run_without_torch(code):
    """Run code in a new interpreter and check what it imported."""
    check = "assert not {'torch', 'sklearn', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", f"import sys\n{code}\n{check}"], check=True)


def test_models_are_constructed_without_torch():
    run_without_torch("""
import elman
from elman.nn.config import StackConfig
from elman.tasks.table import TASKS

assert "gru" in elman.CELLS and len(elman.CELLS) == len(list(elman.CELLS))
for task in TASKS.values():
    model = task.model_class()
    model.set_params(**model.get_params())
    assert repr(model) == f"{type(model).__name__}()"
    assert type(model) is getattr(elman, type(model).__name__)
for name in ("load", "Sampling", "StackConfig", "TextSource", "LabelledSource", "PairSource",
             "SeriesSource", "TaggedSource", "VectorSource"):
    getattr(elman, name)
""")


@pytest.mark.parametrize("arguments", [["--help"], ["predict", "--help"]])
def test_help_is_shown_without_torch(arguments):
    run_without_torch(f"""
from elman.cli import main

sys.argv = ["elman", *{arguments!r}]
try:
    main()
except SystemExit as end:
    assert not end.code
""")
