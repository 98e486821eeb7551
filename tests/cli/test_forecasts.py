"""Forecasts by command: a table in, the numbers to come out, as text and as a picture."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.tasks.forecasting.plots import ticks
from elman.tasks.forecasting.predictions import plain

SVG = "{http://www.w3.org/2000/svg}"


def months(count, begin=1949):
    return [f"{begin + n // 12}-{n % 12 + 1:02}" for n in range(count)]


def table(count=80):
    steps = np.arange(count)
    values = 1000 + 5 * steps + 100 * np.sin(steps * np.pi / 6) + steps % 7
    rows = zip(months(count), values, steps % 5, strict=True)
    return "\n".join(["Month,Passengers <all>,b", *(f"{a},{b:.2f},{c}" for a, b, c in rows), ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, elman):
    """A table, and a model of it."""
    folder = tmp_path_factory.mktemp("forecasts")
    (folder / "a.csv").write_text(table())
    done = elman(
        *("train", str(folder / "a.csv"), "--task", "forecast", "-o", str(folder / "m.st")),
        *("--steps", "4", "--hidden-size", "4", "--series", "Passengers <all>", "--horizon", "6"),
    )
    assert done.status == 0, done.err
    assert "MASE" in done.out
    assert "coverage of the 95 % interval" in done.out
    assert "baseline: " in done.out
    assert "seasonal naive" in done.out
    assert "the network alone: MASE" in done.out
    assert "the counts alone: MASE" in done.out
    return folder


def rows_of(answer):
    assert answer.status == 0, answer.err
    return list(csv.DictReader(io.StringIO(answer.out)))


def test_the_future_as_csv(elman, folder):
    rows = rows_of(elman("predict", str(folder / "m.st")))
    assert [row["date"] for row in rows] == months(86)[80:]
    assert {row["series"] for row in rows} == {"Passengers <all>"}
    for row in rows:
        ends = [float(row[name]) for name in ("low95", "low80", "median", "high80", "high95")]
        assert ends == sorted(ends)
        assert 900 < ends[2] < 2000


def test_fewer_steps_and_json(elman, folder):
    rows = rows_of(elman("predict", str(folder / "m.st"), "--horizon", "2"))
    assert len(rows) == 2
    done = elman("predict", str(folder / "m.st"), "--horizon", "2", "--json")
    result = json.loads(done.out)
    assert result["dates"] == [row["date"] for row in rows]
    (series,) = result["forecasts"]
    assert series["series"] == "Passengers <all>"
    for index, row in enumerate(rows):
        for name in ("median", "low80", "high80", "low95", "high95"):
            assert series[name][index] == pytest.approx(float(row[name]), rel=1e-6)


def test_a_newer_history(elman, folder, tmp_path):
    (tmp_path / "new.csv").write_text(table(90))
    rows = rows_of(elman("predict", str(folder / "m.st"), str(tmp_path / "new.csv")))
    assert rows[0]["date"] == months(91)[90]
    done = elman("test", str(folder / "m.st"), str(tmp_path / "new.csv"))
    assert done.status == 0, done.err
    assert "5 origins, 6 steps ahead from each" in done.out
    done = elman("test", str(folder / "m.st"), str(tmp_path / "new.csv"), "--json")
    report = json.loads(done.out)
    assert report["details"]["baselines"]["seasonal naive"] >= report["baseline"]["mase"]
    assert report["details"]["alone"].keys() == {"network", "counts"}


def test_a_picture_has_all_of_it(elman, folder):
    path = folder / "a.svg"
    rows = rows_of(elman("predict", str(folder / "m.st"), "--plot", str(path)))
    root = ET.parse(path).getroot()
    width, height = (float(root.get(side)) for side in ("width", "height"))
    bands = root.findall(f"{SVG}polygon")
    lines = root.findall(f"{SVG}polyline")
    assert (len(bands), len(lines)) == (2, 2)
    outer, inner = (points(each) for each in bands)
    past, median = (points(each) for each in lines)
    for x, y in [*outer, *inner, *past, *median]:
        assert 0 <= x <= width
        assert 0 <= y <= height
    assert len(median) == len(rows) + 1  # from the last value on
    assert past[-1] == median[0] == outer[0] == inner[0]
    assert len(outer) == len(inner) == 2 * len(median)
    # Higher values stand higher, in proportion.
    heights = [y for _, y in median[1:]]
    values = [float(row["median"]) for row in rows]
    assert np.corrcoef(heights, values)[0, 1] == pytest.approx(-1, abs=1e-3)
    assert {each.get("fill") for each in root.findall(f"{SVG}text")} == {"#333333"}
    texts = [each.text for each in root.findall(f"{SVG}text")]
    assert "Passengers <all>" in texts
    assert {"values", "median", "80 %", "95 %"} <= set(texts)


def test_a_plot_that_cannot_be_written_leaves_the_old_one(elman, folder, tmp_path, monkeypatch):
    path = tmp_path / "a.svg"
    path.write_text("<svg/>", encoding="utf-8")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = elman("predict", str(folder / "m.st"), "--plot", str(path))
    assert done.status == 1
    assert done.err.count("\n") == 1
    assert f"{path}: cannot be written (No space left on device). Name another" in done.err
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.svg", "<svg/>")]


def points(element):
    return [tuple(map(float, pair.split(","))) for pair in element.get("points").split()]


def test_labels_do_not_overlap(elman, folder):
    path = folder / "labels.svg"
    elman("predict", str(folder / "m.st"), "--plot", str(path))
    by_line = {}
    for each in ET.parse(path).getroot().findall(f"{SVG}text"):
        size = 7.5 * len(each.text)
        x = float(each.get("x"))
        left = {"start": x, "middle": x - size / 2, "end": x - size}[each.get("text-anchor")]
        by_line.setdefault(each.get("y"), []).append((left, left + size))
    for spans in by_line.values():
        spans.sort()
        assert all(one[1] <= other[0] for one, other in pairwise(spans))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_few_and_round(low, size):
    result = ticks(low, low + size)
    assert 2 <= len(result) <= 8
    assert all(low - size * 1e-6 <= each <= low + size * (1 + 1e-6) for each in result)
    step = np.diff(result).mean()
    np.testing.assert_allclose(np.diff(result), step, rtol=1e-3)
    assert round(step / 10 ** np.floor(np.log10(step * 1.001)), 3) in (1, 2, 5)


@given(st.floats(-1e9, 1e9))
def test_numbers_without_exponents(value):
    assert "e" not in plain(value)
    assert float(plain(value)) == pytest.approx(value, rel=1e-6, abs=1e-300)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--horizon", "7"], "elman: --horizon: 7 is beyond the 6 steps that it was trained for"),
        (["--horizon", "0"], "elman: --horizon: 0 is out of range"),
        (["--plot", "a.pdf"], "elman: --plot: 'a.pdf' is neither SVG nor PNG"),
        (["--plot", "nowhere/a.svg"], "nowhere/a.svg: there is no folder nowhere"),
        (["--count", "3"], "elman: --count: it does not apply"),
        (["nowhere.csv"], "elman: nowhere.csv: no such file"),
    ],
)
def test_what_cannot_be_predicted_is_one_line(elman, folder, arguments, message):
    done = elman("predict", str(folder / "m.st"), *arguments)
    assert done.status == 1
    assert message in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (table().replace("1000.00", "abc"), [], "a.csv:2: 'abc' in column Passengers <all> is no"),
        (table().replace(",3\n", ",\n"), [], "--impute linear, previous or zero"),
        (table(10), [], "10 values are too few for a season of 1"),
        (table(), ["--season", "30"], "values are too few for a season of 30"),
        (table(), ["--season", "12,40"], "80 values are too few for a season of 40"),
        (table(), ["--season", "12,12"], "season: '12,12' is neither a season nor two"),
        (table(), ["--season", "a"], "season: 'a' is"),
        (
            table(),
            ["--season", "12,4", "--counts", "off"],
            "season: a second season is for the counts, which are off",
        ),
        (table(), ["--series", "c"], "no column is called 'c': there is Passengers <all>, b"),
        (table(), ["--impute", "mean"], "'mean' is not known. It is linear, previous or zero"),
        (
            table(),
            ["--tokenizer", "word"],
            "tokenizer: it does not apply to the task 'forecast'",
        ),
        (table(), ["--valid", "a.csv"], "valid: it does not apply to the task 'forecast'"),
    ],
)
def test_what_cannot_be_learned_is_one_line(elman, tmp_path, monkeypatch, text, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(text)
    done = elman("train", "a.csv", "--task", "forecast", "-o", "m.st", *arguments)
    assert done.status == 1
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "m.st").exists()


def test_a_gap_that_is_filled(elman, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(table().replace(",3\n", ",\n"))
    done = elman(
        *("train", "a.csv", "--task", "forecast", "-o", "m.st", "--impute", "linear"),
        *("--steps", "2", "--hidden-size", "4", "--json"),
    )
    assert done.status == 0, done.err
    assert json.loads(done.out)["task"] == "forecast"


def test_two_seasons_are_in_the_file_and_each_part_is_shown(elman, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(table(120))
    done = elman(
        *("train", "a.csv", "--task", "forecast", "-o", "m.st", "--season", "4,12"),
        *("--series", "b", "--steps", "2", "--hidden-size", "4", "--horizon", "4"),
    )
    assert done.status == 0, done.err
    counts = json.loads(elman("info", "m.st", "--json").out)["counts"]
    assert counts["seasons"] == [4, 12]
    assert sum(counts["shares"].values()) == pytest.approx(1)
    explained = elman("explain", "m.st")
    assert "the counts add" in explained.out
    trace = json.loads(elman("explain", "m.st", "--json").out)
    assert all(output["counts"]["features"] == [] for output in trace["outputs"])
