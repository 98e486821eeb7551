"""bench/speed.py: peers do the same work, in turns, and the table holds what was measured."""

from __future__ import annotations

import sys
from functools import partial

import pytest
import torch

import speed
import tables
from elman.kernels import core
from elman.nn.crf import CRF, Transitions
from timings import comparison, machine
from timings.comparison import Comparison, Goal, Group, MissingPeerError, Peer, Ratio
from timings.layers import KINDS, elman_cell, torch_layer
from timings.sequences import even_peers, ragged_peers
from timings.steps import COMPILED, INT8, ONNX_INT8, step_group, step_peers
from timings.tag_sequences import in_log_space

each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))

WIDTH, ROWS, TIME = 8, 3, 5


@pytest.fixture
def clock(monkeypatch):
    """Time passes only where a work says so; each leaves its name."""

    class Clock:
        now = 0.0
        done: list[str]

        def work(self, name, *seconds):
            left = list(seconds)

            def spend():
                self.done.append(name)
                self.now += left.pop(0) if len(left) > 1 else left[0]

            return spend

    clock = Clock()
    clock.done = []
    monkeypatch.setattr(comparison.time, "perf_counter", lambda: clock.now)
    return clock


@pytest.fixture
def quick(monkeypatch):
    """Limits of small matrices, in turns of one call."""
    monkeypatch.setattr(comparison, "TURN", 0)
    monkeypatch.setattr(machine, "SIDES", (8,))
    monkeypatch.setattr(machine, "MEGABYTES", (0.5,))
    monkeypatch.setattr(machine, "SECONDS", 0)
    yield
    machine.products.cache_clear()
    machine.bandwidth.cache_clear()


def works(peers):
    """What takes seconds to make ready is left out."""
    peers = [peer for peer in peers if peer.name != COMPILED]
    result = {}
    for peer in peers:
        try:
            result[peer.name] = peer.prepare()
        except MissingPeerError:
            assert peer.name == "nn.* bfloat16"
            assert not machine.onednn_has_bfloat16()
    return result


def answers(work, steps=3):
    """y of some steps, each going on from the last; ONNX Runtime keeps it to itself."""
    result = []
    for _ in range(steps):
        y = work()
        result.append(torch.as_tensor(work.y() if y is None else y).clone())
    return torch.stack(result)


def test_turns_alternate_and_the_median_counts(clock):
    works = {
        "a": clock.work("a", 1, 1, 1, 2, 9, 3, 2.5, 0.5),
        "b": clock.work("b", 4),
    }
    assert comparison.in_turns(works, seconds=30) == {"a": 2.5, "b": 4}
    # Three calls each to warm up and to count, then turns of one call.
    assert "".join(clock.done) == "aaabbb" + "ab" * 5


def test_turns_go_on_until_the_time_is_over(clock):
    comparison.in_turns({"a": clock.work("a", 0.5), "b": clock.work("b", 0.5)}, seconds=10)
    assert clock.done.count("a") == clock.done.count("b") == 3 + 10


def test_a_short_call_is_repeated_within_its_turn_and_once_before(clock):
    medians = comparison.in_turns({"a": clock.work("a", 1e-3)}, seconds=0)
    assert medians["a"] == pytest.approx(1e-3)
    assert len(clock.done) == 3 + comparison.FEWEST_TURNS * (1 + 5)


def test_the_table(clock):
    def nowhere():
        raise MissingPeerError("it is not here")

    peers = [
        Peer("ours", partial(clock.work, "ours", 0.01), limit=0.005),
        Peer("slow", partial(clock.work, "slow", 0.04)),
        Peer("slower", partial(clock.work, "slower", 0.05)),
        Peer("absent", nowhere),
    ]
    best = Ratio("ours / theirs", "ours", ("slower", "slow", "absent"))
    none = Ratio("ours / absent", "ours", ("absent",))
    lines = [
        Comparison("work", peers, {best.name: Goal(2, 4.5)}),
        Comparison("things", peers[:2], items=100),
    ]
    assert comparison.run(Group("title", (best, none), lines, threads=1), seconds=0) == (
        "### title\n\n"
        "| what | ours | slow | slower | ours / theirs | ours / absent |\n"
        "|---|---|---|---|---|---|\n"
        "| work | 10.0 ms (50%) | 40.0 ms | 50.0 ms | 4.00x (at least 2, aim 4.5) |  |\n"
        "| things | 10,000 (50%) | 2,500 |  | 4.00x |  |\n\n"
        "Without absent: it is not here."
    )


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(4.7e-6, "4.70 us"), (167.4e-6, "167 us"), (0.0231, "23.1 ms"), (1.2345, "1,234 ms")],
)
def test_durations(seconds, expected):
    assert comparison.duration(seconds) == expected


@pytest.mark.usefixtures("quick")
@each_kind
@pytest.mark.parametrize("rows", [1, ROWS])
def test_steps_of_all_peers_agree(kind, rows):
    pytest.importorskip("onnxruntime")
    layer, x = torch_layer(kind, WIDTH), torch.randn(rows, WIDTH)
    cell = elman_cell(kind, layer)
    with torch.inference_mode():
        state, wanted = cell.initial_state(rows), []
        for _ in range(4):
            y, state = cell(x, state)
            wanted.append(y)
        for name, work in works(step_peers(kind, layer, x)).items():
            result = answers(work)
            begun = int("nn." in name)  # a step has been taken to make the first state
            expected = torch.stack(wanted[begun : begun + 3])
            rounded = name == ONNX_INT8 or (name == INT8 and core.name() != core.OFF)
            close = 0.03 if rounded else 1e-5
            torch.testing.assert_close(result, expected, atol=close, rtol=0, msg=name)
            assert rounded == ((result - expected).abs().max() > 1e-5)


@each_kind
@pytest.mark.parametrize("lengths", [None, torch.tensor([2, 5, 1])])
def test_gradients_of_all_peers_agree(kind, lengths):
    layer = torch_layer(kind, WIDTH)
    xs = torch.randn(TIME, ROWS, WIDTH, requires_grad=True)
    if lengths is None:
        peers = even_peers(kind, layer, xs, {})
    else:
        peers = ragged_peers(kind, layer, xs, lengths, {})
    result = {name: work() for name, work in works(peers).items()}
    ours, ours_rounded, theirs, *theirs_rounded = result.values()
    in_our_order = (0, 1, 3, 2, 4)  # torch has both matrices before both biases
    for mine, rounded, index in zip(ours, ours_rounded, in_our_order, strict=True):
        torch.testing.assert_close(mine, theirs[index], atol=1e-5, rtol=1e-5)
        for other in (rounded, *(each[index] for each in theirs_rounded)):
            torch.testing.assert_close(other, mine, atol=0.2, rtol=0.1)
            assert (other - mine).abs().max() > 1e-4


@pytest.mark.usefixtures("quick")
def test_a_row():
    pytest.importorskip("onnxruntime")
    text = comparison.run(step_group("step", 1, [("elman", WIDTH)]), seconds=0)
    heading, _, line = text.splitlines()[2:5]
    assert "| ONNX Runtime float32 |" in heading
    assert line.startswith("| Elman, width 8 |")
    assert heading.count("|") == line.count("|")


@pytest.mark.usefixtures("quick")
def test_the_limits(monkeypatch):
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (7.25, 0, 0))
    text = machine.limits_table(threads=1)
    assert "| load average before | 7.2 |" in text
    assert text.count("GFLOP/s") == 3
    assert text.count("GB/s") == 1


@pytest.mark.usefixtures("quick")
def test_the_command(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(speed, "keep_memory", lambda: None)  # of the other tests, too
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    results = tmp_path / "speed.md"
    results.write_text("# Speed\n\n## an older entry\n")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["bench/speed.py", *arguments])
        speed.main()
        return capsys.readouterr().out

    printed = call("machine", "--threads", "1", "--no-record")
    assert printed.startswith(f"Native core: {core.name()}\n\n| limit | figure |\n")
    assert results.read_text() == "# Speed\n\n## an older entry\n"
    printed = call("machine", "--threads", "1")
    head, new, old = results.read_text().split("## ")
    assert head == "# Speed\n\n"
    assert "`python bench/speed.py machine --threads 1`\n\n1 thread, " in new
    assert new.endswith(f"{printed}\n")
    assert old == "an older entry\n"
    with pytest.raises(SystemExit, match="2"):
        call("machines")
    assert "there is no row machines" in capsys.readouterr().err


def test_without_onnx_the_command_to_type_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "timings.onnx_step", raising=False)
    with pytest.raises(SystemExit, match=r"pip install 'elman\[bench\]'"):
        __import__("timings.onnx_step")


def test_the_sums_in_log_space_are_those_of_the_crf():
    generator = torch.Generator().manual_seed(0)
    every = torch.ones(5, dtype=torch.bool)
    crf = CRF(Transitions(every, torch.rand(5, 5, generator=generator) < 0.7, every))
    logits, lengths = torch.randn(6, 3, 5, generator=generator), torch.tensor([6, 2, 1])
    expected = crf.log_partition(logits, lengths)
    torch.testing.assert_close(in_log_space(crf, logits, lengths), expected)
