"""The house (docs/design.md, section 2): who may import whom, and what no file holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import elman

HOUSE = Path(elman.__file__).parent

# Top to bottom; the rooms of one storey do not import each other.
STOREYS = [
    {"version", "errors"},
    {"ranges", "extras"},
    {"text", "examples"},
    {"cells"},
    {"kernels"},
    {"scan"},
    {"network"},
    {"bundle"},
    {"training"},
    {"scoring"},
    {"decoding", "explain"},
    {"web"},
    {"models"},
    {"keyboard", "export"},
    {"server"},
    {"cli"},
]
STOREY = {room: number for number, rooms in enumerate(STOREYS) for room in rooms}
DOORS = {"__init__", "__main__"}
NOTHING_ROOMS = {"utils", "util", "helpers", "helper", "common", "misc"}
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__", "execfile"}

FILES = {str(path.relative_to(HOUSE)): path for path in sorted(HOUSE.rglob("*.py"))}
each_file = pytest.mark.parametrize("name", FILES)


def imports_in(source, package):
    """Every module that is named by an import, wherever it stands, in full."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level]
            module = ".".join([*(base if node.level else []), *filter(None, [node.module])])
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def rooms_in(source, package="elman"):
    """The rooms of the house that are imported; names that are no room are elman's own doors."""
    parts = [module.split(".") for module in imports_in(source, package)]
    names = {part[1] if len(part) > 1 else "__init__" for part in parts if part[0] == "elman"}
    if {"elman", "__init__"} <= {".".join(part) for part in parts} | names:
        names |= {"__init__"}
    return names


def room_of(name):
    return Path(name).parts[0].removesuffix(".py")


def misplaced(room, source, package):
    """The imports of rooms that are not above this one."""
    above = {other for other in STOREY if STOREY[other] < STOREY[room]}
    allowed = above | {room}
    # `from elman import x` goes through the door, behind which everything is.
    return {other for other in rooms_in(source, package) if other not in allowed}


@each_file
def test_a_room_imports_only_from_rooms_above(name):
    if room_of(name) in DOORS:
        return
    package = ".".join(["elman", *Path(name).parts[:-1]])
    assert not misplaced(room_of(name), FILES[name].read_text(), package)


def test_every_room_has_its_storey():
    assert {room_of(name) for name in FILES} - DOORS == set(STOREY)


@pytest.mark.parametrize(
    "source",
    [
        "import elman.models",
        "from elman.decoding import read",
        "def later():\n    from elman.training import train",
        "from ..models import load",
        "from elman import models",
        "from elman import LanguageModel",
        "import elman",
        "from .. import cli",
        "if TYPE_CHECKING:\n    from elman.decoding.writing import write",
    ],
)
def test_an_import_of_a_room_below_is_seen(source):
    assert misplaced("scan", source, "elman.scan")


def test_an_import_of_a_room_above_is_not():
    assert not misplaced("scan", "from elman.cells import Cell\nfrom . import cell", "elman.scan")


@each_file
def test_no_file_is_long(name):
    assert len(FILES[name].read_text().splitlines()) <= 400


@each_file
def test_no_room_is_called_after_nothing(name):
    assert not NOTHING_ROOMS & {part.removesuffix(".py") for part in Path(name).parts}


def unsafe(source):
    """What in a source could execute what a file says."""
    found = {module.split(".")[0] for module in imports_in(source, "elman")} & UNSAFE_MODULES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in UNSAFE_CALLS:
            found.add(node.id)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"torch.load", "torch.save"}:
            found.add(ast.unparse(node))
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found.add("allow_pickle")
        if isinstance(node, ast.ImportFrom) and node.module == "torch":
            found |= {f"torch.{a.name}" for a in node.names if a.name in {"load", "save"}}
    return found


@each_file
def test_nothing_executes_what_a_file_says(name):
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
def test_what_is_unsafe_is_seen(source):
    assert unsafe(source)


def test_what_is_safe_is_left_alone():
    assert not unsafe("network.eval()\nre.compile('a')\njson.load(file)\nload_file(path)")
