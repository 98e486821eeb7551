"""A cell is its own file and a line in the table: one that the package does not have, added here,
obeys every invariant of cells and networks, learns, steps natively, is explained, and is exported.

One more uses every operation that a step may have, in every place that interprets it; and one uses
another operation, which only PyTorch runs.
"""

from __future__ import annotations

import inspect
import itertools

import numpy as np
import pytest
import test_invariants
import test_native_step
import test_network_invariants
import torch
from variants import Variant

import elman
from elman.cells import CELLS, state_tensors, trace
from elman.errors import ExportError, UntraceableError
from elman.export import write_onnx, write_web
from elman.kernels import core
from elman.nn.native_step import compiled

from .conftest import COMPONENTS, language_model
from .graphs import written
from .new_cells import UGRNN, Erf, Every
from .test_networks_in_the_browser import agree

SETS = core.sets()[:-1]


@pytest.fixture(autouse=True)
def new_cells(monkeypatch):
    for name, kind in {"ugrnn": UGRNN, "every": Every, "erf": Erf}.items():
        monkeypatch.setitem(CELLS, name, kind)


PEERS = {"test_outputs_and_states_equal_torch"}
"""Tests of cells that torch has too."""


def cases(module, **given):
    """The tests of a module that take all of `given`, with that for what they are parametrized by,
    and with everything else that they are parametrized by."""
    for name, function in vars(module).items():
        if not name.startswith("test_") or name in PEERS:
            continue
        if not set(given) <= {*inspect.signature(function).parameters}:
            continue
        marks = [
            mark.args for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"
        ]
        choices = []
        for names, values in marks:
            names = names.split(",") if isinstance(names, str) else names
            sets = [
                getattr(value, "values", (value,) if len(names) == 1 else value) for value in values
            ]
            named = [dict(zip(names, each, strict=True)) for each in sets]
            rest = [{key: each[key] for key in each if key not in given} for each in named]
            choices.append([each for i, each in enumerate(rest) if each not in rest[:i]])
        for number, choice in enumerate(itertools.product(*choices)):
            arguments = dict(given)
            for each in choice:
                arguments |= each
            yield pytest.param(function, arguments, id=f"{name}-{number}")


@pytest.mark.parametrize(
    ("check", "arguments"), [*cases(test_invariants, variant=Variant("ugrnn", "reference"))]
)
def test_invariants_of_a_cell(check, arguments):
    check(**arguments)


@pytest.mark.parametrize(("check", "arguments"), [*cases(test_network_invariants, cell="ugrnn")])
def test_invariants_of_a_network(check, arguments):
    check(**arguments)


@pytest.mark.parametrize("instructions", SETS)
@pytest.mark.parametrize("cell", ["ugrnn", "every"])
@pytest.mark.parametrize("test", ["cell", "name"])
def test_the_native_step(test, cell, instructions):
    given = {test: cell}
    result = [case.values for case in cases(test_native_step, **given)]
    if cell == "every":  # it jumps: what 8 bits round is anywhere in the end
        result = [(test, given) for test, given in result if "8_bits" not in test.__name__]
    assert result
    with core.using(instructions):
        for function, arguments in result:
            taken = inspect.signature(function).parameters
            own = {"instructions": instructions} if "instructions" in taken else {}
            function(**arguments, **own)


@pytest.mark.parametrize("kind", [*CELLS.values(), UGRNN, Every])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_traced_step_is_the_step(kind, dtype):
    torch.manual_seed(1)
    cell = kind(5, 8).to(dtype)
    x, state = torch.randn(3, 5, dtype=dtype), test_native_step.random_state(cell, 3)
    program = trace(cell)
    weights = {name: weight.numpy(force=True) for name, weight in cell.named_parameters()}
    with torch.no_grad():
        y, after = cell(x, state)
    parts = [part.numpy() for part in state_tensors(state)]
    result, following = program.run(weights, x.numpy(), parts)
    for one, other in zip([result, *following], [y, *after], strict=True):
        torch.testing.assert_close(torch.from_numpy(one), other)
    for one, other in zip(program.initial_state(weights, 2), cell.initial_state(2), strict=True):
        assert np.array_equal(one, other.numpy(force=True))


def test_it_learns_and_is_explained(tale):
    model = elman.LanguageModel(cell="ugrnn", hidden_size=16, layers=1, steps=40).fit(tale)
    assert model.score(tale) > -np.log(model.tokenizer_.size)
    trace = model.explain("The cat")
    assert trace.network.cell == "ugrnn"
    assert trace.network.meanings == UGRNN.gates
    (layer,) = trace.sequences[0].layers
    g, c, h = layer.gates["g"], layer.gates["c"], layer.states["h"]
    before = np.concatenate([np.zeros_like(h[:1]), h[:-1]])
    np.testing.assert_allclose(h, g * before + (1 - g) * c, atol=1e-5)


@pytest.mark.parametrize("cell", ["ugrnn", "every"])
@pytest.mark.parametrize("parts", [(), COMPONENTS])
def test_the_graph(tmp_path, cell, parts):
    pytest.importorskip("onnx", reason="onnx is not installed")
    written(language_model(cell=cell, components=parts), tmp_path)


@pytest.mark.parametrize("cell", ["ugrnn", "every"])
@pytest.mark.parametrize("parts", [(), COMPONENTS])
def test_in_the_browser(shown, cell, parts):
    agree(shown, language_model(cell=cell, components=parts))


def test_the_page(visit, tale):
    model = elman.LanguageModel(
        cell="ugrnn", tokenizer="word", hidden_size=16, layers=1, steps=40
    ).fit(tale)
    page = visit(model)
    page.fill("#text", "The cat sat on ")
    offered = page.locator("[aria-label=Suggestions] button")
    expected = [each.word for each in model.suggest("The cat sat on ", 3)]
    assert offered.all_text_contents() == expected


def test_products_of_the_input_alone_are_made_once_for_all_times(tmp_path):
    """They stand outside of the loop; the hidden vector's, inside."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = language_model(cell="ugrnn", components=(), layers=1)
    graph = onnx.load_from_string(written(model, tmp_path)).graph
    (scan,) = [node for node in graph.node if node.op_type == "Scan"]
    (body,) = [each.g for each in scan.attribute if each.name == "body"]
    assert [node.op_type for node in body.node].count("MatMul") == 1


def test_an_operation_that_only_torch_runs(tmp_path, tale):
    """It learns and steps; an export fails with one line that names what it lacks."""
    model = elman.LanguageModel(cell="erf", hidden_size=16, layers=1, steps=4).fit(tale)
    assert not model.predicting.is_compiled
    assert "".join(model.generate("The", length=9, seed=1))
    model.save(tmp_path / "model.st")
    for write in (write_onnx, write_web):
        with pytest.raises(ExportError, match="cell Erf: its step uses erf, so") as caught:
            write(tmp_path / "model.st", tmp_path / "written")
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "written").exists()


class Hidden(CELLS["elman"]):  # type: ignore[misc]
    """A cell that keeps something to itself."""

    steps = 0

    def forward(self, x, state):
        self.steps += 1
        return super().forward(x * self.steps, state)


class Deciding(CELLS["elman"]):  # type: ignore[misc]
    """A cell whose formula depends on its values."""

    def forward(self, x, state):
        return super().forward(-x if torch.equal(x, x.relu()) else x, state)


class InPlace(CELLS["elman"]):  # type: ignore[misc]
    def forward(self, x, state):
        return super().forward(x.clone().mul_(2), state)


class OfRows(CELLS["elman"]):  # type: ignore[misc]
    def forward(self, x, state):
        return super().forward(x - x.mean(0), state)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Hidden, "is not a function of its input and state alone"),
        (Deciding, "branches on computed values"),
        (InPlace, "uses mul_"),
        (OfRows, "uses mean"),
    ],
)
def test_what_is_no_step_of_its_input_and_state(kind, why):
    cell = kind(4, 6)
    with pytest.raises(ExportError, match=why):
        trace(cell)
    with pytest.raises(UntraceableError, match=why):
        compiled(cell)


def test_a_trace_leaves_chance_alone():
    cell = UGRNN(4, 6)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    trace(cell)
    assert torch.equal(torch.rand(2), expected)


class Scaled(CELLS["elman"]):  # type: ignore[misc]
    """A cell with a setting and a buffer."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.scale = 1.0
        self.register_buffer("shift", torch.zeros(sizes[0]))

    def forward(self, x, state):
        return super().forward(self.scale * x + self.shift, state)


def test_a_program_is_kept_until_the_cell_changes():
    cell = Scaled(4, 6)
    x, state = torch.randn(3, 4), cell.initial_state(3)
    with torch.no_grad():
        kept = trace(cell)
        for weight in cell.parameters():
            weight.mul_(2)
        assert trace(cell) is kept
        for change in (lambda: setattr(cell, "scale", 3.0), lambda: cell.shift.add_(1)):
            change()
            weights = {name: weight.numpy() for name, weight in cell.named_parameters()}
            parts = [part.numpy() for part in state_tensors(state)]
            found, _ = trace(cell).run(weights, x.numpy(), parts)
            torch.testing.assert_close(torch.from_numpy(found), cell(x, state)[0])
