"""Bad pairs, vectors and series, and options of other tasks: one line each, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

SMALL = ("--steps", "1", "--hidden-size", "4")
NOT_HERE = "it does not apply to the task '{}'. Leave it out."
OR_SKIP = "or skip such rows: --skip-bad-rows"
FILL = "fill the gaps with --impute linear, previous or zero"
DATA = {
    "french.st": ("said.fr", "said.en"),
    "winds.st": ("winds.npy", "winds.txt"),
    "sold.st": ("sold.csv",),
}
TASKS = {"french.st": "translate", "winds.st": "describe", "sold.st": "forecast"}


@pytest.fixture(autouse=True)
def folder(rewriting):
    """With data of each kind and a model of each."""
    return rewriting


@pytest.fixture
def refused(elman, folder):
    """Type a command, and see that it ends in one line, and that all files are as they were."""

    def refused(*arguments, line):
        before = {path: path.read_bytes() for path in folder.iterdir()}
        done = elman(*arguments)
        assert done.err == f"elman: {line}\n"
        assert (done.status, done.out) == (1, "")
        assert {path: path.read_bytes() for path in folder.iterdir()} == before

    return refused


def lines_of(name):
    return Path(name).read_text(encoding="utf-8").splitlines()


def write(name, lines):
    Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def every_reading(model, names):
    """The commands that read data of a model's kind."""
    yield ("peek", *names, "--task", TASKS[model])
    yield ("train", *names, "--task", TASKS[model], "-o", model, *SMALL)
    yield ("test", model, *names)


# Pairs


def test_a_line_is_missing(refused):
    for name in ("said.fr", "said.en"):  # as long as sentences are: some short, some long
        write(f"cut{name[4:]}", (line * (7 * n % 11 + 1) for n, line in enumerate(lines_of(name))))
    lines = lines_of("cut.en")
    write("cut.en", lines[:9] + lines[10:])
    for arguments in every_reading("french.st", ("cut.fr", "cut.en")):
        refused(
            *arguments,
            line="cut.fr:10: 30 lines, but 29 lines in cut.en: the lengths of the lines stop "
            "matching at about this line. Compare both files there: "
            "paste cut.fr cut.en | sed -n '7,13p'",
        )


def test_the_end_is_missing(refused):
    write("cut.en", lines_of("said.en")[:20])
    for arguments in every_reading("french.st", ("said.fr", "cut.en")):
        refused(
            *arguments,
            line="said.fr:21: 30 lines, but 20 lines in cut.en: its end seems to be missing. "
            "Fetch or make it again",
        )


@pytest.mark.parametrize(("name", "side"), [("said.fr", "source"), ("said.en", "target")])
def test_an_empty_line_on_one_side(refused, name, side):
    lines = lines_of(name)
    lines[4] = " "
    write(name, lines)
    for arguments in every_reading("french.st", ("said.fr", "said.en")):
        refused(*arguments, line=f"{name}:5: the {side} is empty. Fix it, {OR_SKIP}")


def test_a_line_beyond_measure(refused, elman):
    write("said.fr", [*lines_of("said.fr"), "a" * 100_000])
    write("said.en", [*lines_of("said.en"), "a"])
    line = (
        "said.fr:31: the source has 100,000 characters, more than 10,000. "
        f"Split it into sentences, {OR_SKIP}"
    )
    for arguments in every_reading("french.st", ("said.fr", "said.en")):
        refused(*arguments, line=line)
    done = elman("predict", "french.st", "said.fr")
    assert (done.status, done.err) == (1, f"elman: {line}\n")
    done = elman("predict", "french.st", "said.fr", "--skip-bad-rows")
    assert (done.status, done.err) == (0, "1 bad row skipped.\n")
    assert done.out.count("\n") == 31, "a line for a line"


def test_sources_that_are_no_pairs(refused):
    first = lines_of("said.fr")[0]
    for arguments in every_reading("french.st", ("said.fr",)):
        refused(
            *arguments,
            line="said.fr:1: expected rows of a source and its target, but the first line "
            f"is {first!r}. Begin a table with a header such as source,target, write JSON lines, "
            "or name two parallel files",
        )


def test_columns_that_are_none(refused):
    train = ("train", "said.tsv", "-o", "french.st", *SMALL)
    refused(
        *(*train, "--source-column", "de"),
        line="said.tsv:1: no column is called 'de': there are fr, en. "
        "Name one of these with --source-column",
    )
    refused(
        *(*train, "--source-column", "fr", "--target-column", "fr"),
        line="--target-column: source and target are the same column, 'fr'. "
        "Name two different columns",
    )


def test_one_source_only(refused):
    write("said.fr", ["oui"] * 3)
    write("said.en", ["yes", "aye", "yea"])
    refused(
        *("train", "said.fr", "said.en", "-o", "french.st", *SMALL),
        line="said.fr and 1 more: there is one source only. Give it a few hundred.",
    )


# Vectors


@pytest.mark.parametrize(
    ("value", "problem"),
    [(np.nan, "NaN"), (-np.inf, "infinite, or too large for float32"), (1e39, "infinite, or too")],
)
def test_a_number_that_is_none(refused, elman, value, problem):
    vectors = np.load("winds.npy")
    vectors[16, 2] = value
    np.save("winds.npy", vectors)
    problem = "infinite, or too large for float32" if problem != "NaN" else problem
    line = f"winds.npy: row 17, column 3 (from 1) is {problem}. Replace it with a number"
    for arguments in every_reading("winds.st", ("winds.npy", "winds.txt")):
        refused(*arguments, line=f"{line}, {OR_SKIP}")
        assert elman(*arguments, "--skip-bad-rows").status == 0
    refused("predict", "winds.st", "winds.npy", line=line)


def test_rows_and_descriptions_that_do_not_match_in_number(refused):
    for count in (29, 31):
        write("other.txt", (lines_of("winds.txt") * 2)[:count])
        for arguments in every_reading("winds.st", ("winds.npy", "other.txt")):
            refused(
                *arguments,
                line=f"winds.npy: 30 rows, but {count} descriptions in other.txt. "
                "Write one description per line, in the order of the rows",
            )


def test_an_empty_description(refused):
    write("winds.txt", ["", *lines_of("winds.txt")[1:]])
    for arguments in every_reading("winds.st", ("winds.npy", "winds.txt")):
        refused(*arguments, line=f"winds.txt:1: the description is empty. Fix it, {OR_SKIP}")


def test_vectors_of_another_width(refused):
    np.save("wide.npy", np.ones((30, 7)))
    line = (
        "wide.npy: the vectors have 7 dimensions; the model was trained on 3. "
        "Give vectors of the same kind"
    )
    refused("predict", "winds.st", "wide.npy", line=line)
    refused("test", "winds.st", "wide.npy", "winds.txt", line=line)
    refused(
        *("train", "winds.npy", "winds.txt", "--valid", "wide.npy", "--valid", "winds.txt"),
        *("-o", "winds.st", *SMALL),
        line=line,
    )


def test_a_text_as_vectors(refused):
    line = (
        "{}: expected vectors and a text file with one line per vector. "
        "Name a .npy or .npz file, then the text file; or a table with lists of numbers, such as "
        "Parquet or JSON lines"
    )
    for arguments in every_reading("winds.st", ("winds.txt",)):
        refused(*arguments, line=line.format("winds.txt"))
    refused("predict", "winds.st", "winds.txt", line=line.format("winds.txt"))
    refused("predict", "winds.st", "winds.npy", "winds.txt", line=line.format("winds.txt"))
    for arguments in (("peek",), ("train", "-o", "winds.st", *SMALL)):
        # The wrong way round: that there are vectors among them tells the task all the same.
        refused(*arguments, "winds.txt", "winds.npy", line=line.format("winds.txt and 1 more"))
    for arguments in (("predict", "winds.st"), ("predict", "winds.st", "-")):
        refused(
            *arguments, line="FILE: vectors do not come through a pipe. Name a .npy or .npz file."
        )


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones(9), "an array of shape (9,), not one of rows and columns. Save it with a row for "
         "each vector, vectors.reshape(len(vectors), -1)"),
        (np.array(["a"]), "an array of <U1, not of floating-point numbers or integers. "
         "Save it with numpy.save(path, vectors)"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_vectors(refused, array, message):
    np.save("odd.npy", array)
    for arguments in every_reading("winds.st", ("odd.npy", "winds.txt")):
        refused(*arguments, line=f"odd.npy: {message}")
    refused("predict", "winds.st", "odd.npy", line=f"odd.npy: {message}")


def test_vectors_without_descriptions(refused):
    for arguments in every_reading("winds.st", ("winds.npy",)):
        refused(
            *arguments,
            line="winds.npy: vectors without descriptions. "
            "Name a text file with one line per vector after it",
        )


# Series


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("", "the number in column sold is missing"),
        ("much", "'much' in column sold is not a number"),
        ("1e999", "'1e999' in column sold is not a number"),
    ],
)
def test_gaps_and_text_among_numbers(refused, elman, cell, message):
    lines = lines_of("sold.csv")
    lines[19] = f"2002-07,{cell}"
    write("gaps.csv", lines)
    line = f"gaps.csv:20: {message}. 1 of 80 rows lack this number; {FILL}"
    refused("train", "gaps.csv", "-o", "sold.st", *SMALL, line=line)
    refused("test", "sold.st", "gaps.csv", line=line)
    refused("predict", "sold.st", "gaps.csv", line=line)
    refused(
        *("predict", "sold.st", "gaps.csv", "--impute", "mean"),
        line="--impute: 'mean' is not known. It is linear, previous or zero.",
    )
    for impute in ("linear", "previous", "zero"):
        assert elman("predict", "sold.st", "gaps.csv", "--impute", impute).status == 0


def test_too_short_a_series(refused):
    write("short.csv", lines_of("sold.csv")[:9])
    refused(
        *("train", "short.csv", "-o", "sold.st", *SMALL),
        line="short.csv: 8 values are too few for a season of 1 and a horizon of 1: 12 are "
        "needed. Give more of them, or a shorter --season or --horizon",
    )
    refused(
        *("predict", "sold.st", "short.csv"),
        line="short.csv: 8 values, and 36 are needed to go on from. Give more of the history",
    )


def test_no_series_at_all(refused):
    message = "no column of numbers: there is fr, en. Name a CSV file with a number in each row"
    for arguments in every_reading("sold.st", ("said.tsv",)):
        refused(*arguments, line=f"said.tsv: {message}")


@pytest.mark.parametrize(
    ("plot", "message"),
    [
        ("no/x.svg", "no/x.svg: there is no folder no. Name another file with --plot"),
        ("sold.csv/x.svg", "sold.csv/x.svg: sold.csv is not a folder. Name another file with "
         "--plot"),
        ("x.gif", "--plot: 'x.gif' is neither SVG nor PNG. Name it FILE.svg"),
    ],
)  # fmt: skip
def test_a_picture_that_cannot_be_written(refused, plot, message):
    refused("predict", "sold.st", "--plot", plot, line=message)


# Models and options of other tasks


@pytest.mark.parametrize("model", DATA)
@pytest.mark.parametrize("command", ["generate", "suggest"])
def test_models_that_do_not_go_on_with_text(refused, model, command):
    refused(
        *(command, model),
        line=f"{model}: it is a model for the task {TASKS[model]!r}, not a language model. "
        f"See what it can do: elman info {model}",
    )


@pytest.mark.parametrize(
    ("model", "files", "message"),
    [
        ("french.st", ("winds.npy", "winds.txt"), "winds.npy: not text but binary data"),
        ("winds.st", ("said.fr", "said.en"), "said.fr and 1 more: expected vectors and a text"),
        ("sold.st", ("said.fr", "said.en"), "said.fr and 1 more: 2 files, but series are"),
        (
            "sold.st",
            ("winds.npy",),
            "winds.npy: not text but binary data (it has zero bytes)",
        ),
    ],
)
def test_data_of_another_task(elman, model, files, message):
    done = elman("test", model, *files)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith(f"elman: {message}")


OPTIONS_OF_OTHER_TASKS = {
    "predict": {
        "french.st": "--horizon 3;--plot a.svg;--reject-below 0.5;--column 2;--impute zero;"
        "--text-column a;--series a",
        "winds.st": "--skip-bad-rows;--source-column a;--plot a.svg",
        "sold.st": "--beam 2;--count 2;--skip-bad-rows;--source-column a",
        "classes.st": "--beam 2;--source-column a;--horizon 1",
        "tags.st": "--beam 2;--impute zero;--plot a.svg;--reject-below 0.5",
    },
    "train": {
        "french.st": "--horizon 3;--season 3;--directions 2;--class-weight balanced;"
        "--components none;--unlabelled said.fr;--out-of-scope said.fr",
        "winds.st": "--attention dot;--order forward;--season 3;--unlabelled winds.txt",
        "sold.st": "--attention dot;--order forward;--tokenizer word;--valid sold.csv",
    },
    "test": {
        "french.st": "--shuffle-words;--label-column a;--out-of-scope said.fr;--series a",
        "winds.st": "--shuffle-words;--source-column a;--impute zero",
        "sold.st": "--skip-bad-rows;--train sold.csv;--column 1",
    },
}


@pytest.mark.parametrize(
    ("command", "model"),
    [(command, model) for command, models in OPTIONS_OF_OTHER_TASKS.items() for model in models],
)
def test_options_of_other_tasks(refused, reading, command, model):  # noqa: ARG001
    task = {**TASKS, "classes.st": "classify", "tags.st": "tag"}[model]
    arguments = {
        "predict": (model,),
        "train": (*DATA.get(model, ()), "-o", model, *SMALL),
        "test": (model, *DATA.get(model, ())),
    }[command]
    for each in OPTIONS_OF_OTHER_TASKS[command][model].split(";"):
        option = each.split()[0]
        line = f"{option}: {NOT_HERE.format(task)}"
        refused(command, *arguments, *each.split(), line=line)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("train said.tsv --attention loud", "--attention: 'loud' is not known. It is dot, "
         "additive or none."),
        ("train said.tsv --order odd", "--order: 'odd' is not known. It is both, forward or "
         "reversed."),
        ("train said.tsv --tokenizer word", "--tokenizer: 'word' is not known. It is subword, "
         "character or auto."),
        ("train sold.csv --horizon 0", "--horizon: 0 is out of range. It is a whole number, from "
         "1 to 10000."),
        ("train sold.csv --season 0", "--season: 0 is out of range. It is a whole number, from "
         "1 to 10000."),
        ("predict french.st --beam 0", "--beam: 0 is out of range. It is a whole number, from 1 "
         "to 100."),
        ("predict winds.st winds.npy --beam 101", "--beam: 101 is out of range. It is a whole "
         "number, from 1 to 100."),
        ("predict french.st --count 0 --json", "--count: 0 is out of range. It is a whole number, "
         "from 1 to 1000."),
        ("predict winds.st winds.npy --count 2", "--count: it needs --json. Add --json."),
        ("predict sold.st --horizon 0", "--horizon: 0 is out of range. It is a whole number, 1 or "
         "more."),
    ],
)  # fmt: skip
def test_settings_out_of_range(refused, arguments, line):
    words = arguments.split()
    refused(*words, *(("-o", "x.st") if words[0] == "train" else ()), line=line)
