"""Every option of every command changes something."""

from __future__ import annotations

import importlib
from itertools import islice
from pathlib import Path
from string import ascii_lowercase

import pytest
import typer

from elman.cli import app

TRAIN = ("train", "tale.txt", "-o", "m.st", "--steps", "3", "--hidden-size", "8")
CLASSES = (
    "train",
    "who.csv",
    "-o",
    "m.st",
    "--steps",
    "3",
    "--hidden-size",
    "8",
    "--tokenizer",
    "word",
)
TAGS = ("train", "kinds.conll", "-o", "m.st", "--steps", "3", "--hidden-size", "8")
PAIRS = ("train", "three.tsv", "-o", "m.st", "--steps", "3", "--hidden-size", "4")
SALES = ("train", "sales.csv", "-o", "m.st", "--steps", "2", "--hidden-size", "4")
WIDER = (*TRAIN[:-1], "16")  # of smaller matrices none is rounded
SCORE = ("test", "classes.st", "who.csv")
SCORE_PAIRS = ("test", "french.st", "three.tsv", "--json")
PREDICT = ("predict", "classes.st", "who.csv")
FORETELL = ("predict", "sold.st")
LINEAR, ZERO = ("--impute", "linear"), ("--impute", "zero")
DMY, MDY = ("--date-order", "dmy"), ("--date-order", "mdy")
POINT, COMMA = ("--decimal", "point"), ("--decimal", "comma")
SOLD, BOUGHT = ("--series", "sold"), ("--series", "bought")
GENERATE = ("generate", "character.st", "the c", "--length", "20", "--seed", "1")
OPTIONS = {
    "train": {
        "--output": (TRAIN, ("--output", "other.st")),
        "--valid": (TRAIN, ("--valid", "held.txt")),
        "--task": (TRAIN, ("--task", "language")),
        "--tokenizer": (TRAIN, ("--tokenizer", "subword")),
        "--minutes": (TRAIN[:4], ("--minutes", "0.005"), ("--minutes", "0.02")),
        "--steps": (TRAIN, ("--steps", "4")),
        "--cell": (TRAIN, ("--cell", "gru")),
        "--hidden-size": (TRAIN, ("--hidden-size", "9")),
        "--layers": (TRAIN, ("--layers", "1")),
        "--components": (TRAIN, ("--components", "none")),
        "--dropout": (TRAIN, ("--dropout", "0.5")),
        "--learning-rate": (TRAIN, ("--learning-rate", "0.1")),
        "--counts": (TRAIN, ("--counts", "off")),
        "--size": (WIDER, ("--size", "60kB")),
        "--seed": (TRAIN, ("--seed", "1")),
        "--encoding": (TRAIN, ("--encoding", "latin-1")),
        "--directions": (CLASSES, ("--directions", "2")),
        "--class-weight": (("train", "rare.csv", *CLASSES[2:]), ("--class-weight", "balanced")),
        "--unlabelled": (CLASSES, ("--unlabelled", "tale.txt")),
        "--out-of-scope": (CLASSES, ("--out-of-scope", "tale.txt")),
        "--text-column": (CLASSES, ("--text-column", "label", "--label-column", "text")),
        "--sheet": (("train", "book.xlsx", *CLASSES[2:]), ("--sheet", "other")),
        "--strip": (("train", "said.srt", *TRAIN[2:]), ("--strip",)),
        "--label-column": (("train", "two.csv", *CLASSES[2:]), ("--label-column", "again")),
        "--column": (("train", "four.conll", *TAGS[2:]), ("--column", "2")),
        "--word-column": (("train", "four.conll", *TAGS[2:]), ("--word-column", "2")),
        "--source-column": (PAIRS, ("--source-column", "other")),
        "--target-column": (PAIRS, ("--target-column", "other")),
        "--attention": (PAIRS, ("--attention", "additive")),
        "--order": (PAIRS, ("--order", "reversed")),
        "--horizon": (SALES, ("--horizon", "3")),
        "--season": (SALES, ("--season", "4")),
        "--series": (SALES, SOLD),
        "--impute": (("train", "gaps.csv", *SALES[2:]), LINEAR, ZERO),
        "--date-order": (("train", "orders.csv", *SALES[2:]), DMY, MDY),
        "--decimal": (("train", "decimals.csv", *SALES[2:]), POINT, COMMA),
        "--skip-bad-rows": (("train", "bad.csv", *CLASSES[2:]), ("--skip-bad-rows",)),
        "--resume": (TRAIN, ("--resume",)),
        "--int8": (WIDER, ("--int8",)),
        "--watch": (TRAIN, ("--watch",)),
        "--json": (TRAIN, ("--json",)),
    },
    "generate": {
        "--prompt-file": (GENERATE, ("--prompt-file", "held.txt")),
        "--length": (GENERATE, ("--length", "40")),
        "--temperature": (GENERATE, ("--temperature", "0")),
        "--top-k": (GENERATE, ("--top-k", "1")),
        "--top-p": (GENERATE, ("--top-p", "0.01")),
        "--min-p": (GENERATE, ("--min-p", "1")),
        "--repetition-penalty": (
            (*GENERATE, "--temperature", "0"),
            ("--repetition-penalty", "9"),
        ),
        # Whatever the model writes, a letter is soon among it.
        "--stop": (GENERATE, [word for letter in ascii_lowercase for word in ("--stop", letter)]),
        "--samples": (GENERATE, ("--samples", "2")),
        "--seed": (GENERATE, ("--seed", "2")),
        "--int8": ((*GENERATE, "--length", "200"), ("--int8",)),
        "--json": (GENERATE, ("--json",)),
    },
    "suggest": {
        "--count": (("suggest", "word.st", "the "), ("--count", "2")),
        "--learn": (("suggest", "word.st", "the pe"), ("--learn", "mine.txt")),
        "--int8": (("suggest", "word.st", "the ", "--json"), ("--int8",)),
        "--json": (("suggest", "word.st", "the "), ("--json",)),
    },
    "score": {
        "--text-column": (("score", "word.st", "who.csv"), ("--text-column", "text")),
        "--sheet": (
            ("score", "word.st", "book.xlsx", "--text-column", "text"),
            ("--sheet", "other"),
        ),
        "--encoding": (("score", "word.st", "held.txt"), ("--encoding", "latin-1")),
        "--int8": (("score", "word.st", "the cat"), ("--int8",)),
        "--json": (("score", "word.st", "the cat"), ("--json",)),
    },
    "test": {
        "--train": (("test", "unknown.st", "held.txt"), ("--train", "mine.txt")),
        "--text-column": (("test", "classes.st", "two.csv"), ("--text-column", "other")),
        "--sheet": (("test", "classes.st", "book.xlsx"), ("--sheet", "other")),
        "--strip": (("test", "word.st", "said.srt"), ("--strip",)),
        "--label-column": (("test", "classes.st", "two.csv"), ("--label-column", "again")),
        "--column": (("test", "tags.st", "three.conll"), ("--column", "2")),
        "--word-column": (("test", "tags.st", "three.conll", "--json"), ("--word-column", "2")),
        "--source-column": (SCORE_PAIRS, ("--source-column", "other")),
        "--target-column": (SCORE_PAIRS, ("--target-column", "other")),
        "--series": (("test", "sold.st", "sales.csv", "--json"), SOLD, BOUGHT),
        "--impute": (("test", "sold.st", "gaps.csv", "--json"), LINEAR, ZERO),
        "--date-order": (("test", "sold.st", "orders.csv", "--json"), DMY, MDY),
        "--decimal": (("test", "sold.st", "decimals.csv", "--json"), POINT, COMMA),
        "--skip-bad-rows": (("test", "classes.st", "bad.csv"), ("--skip-bad-rows",)),
        "--out-of-scope": (SCORE, ("--out-of-scope", "tale.txt")),
        "--shuffle-words": (SCORE, ("--shuffle-words",)),
        "--encoding": (("test", "word.st", "held.txt"), ("--encoding", "latin-1")),
        "--int8": (("test", "word.st", "held.txt"), ("--int8",)),
        "--json": (("test", "word.st", "held.txt"), ("--json",)),
    },
    "predict": {
        "--reject-below": (PREDICT, ("--reject-below", "1")),
        "--count": ((*PREDICT, "--json"), ("--count", "2")),
        "--text-column": ((*PREDICT, "--json"), ("--text-column", "label")),
        "--sheet": (("predict", "classes.st", "book.xlsx", "--json"), ("--sheet", "other")),
        "--column": (("predict", "tags.st", "kinds.conll"), ("--column", "3")),
        "--word-column": (("predict", "tags.st", "three.conll", "--json"), ("--word-column", "2")),
        "--source-column": (
            ("predict", "french.st", "three.tsv", "--json"),
            ("--source-column", "other"),
        ),
        "--beam": (("predict", "french.st", "said.fr", "--json"), ("--beam", "2")),
        "--horizon": (FORETELL, ("--horizon", "2")),
        "--plot": (FORETELL, ("--plot", "sold.svg")),
        "--series": ((*FORETELL, "sales.csv"), SOLD, BOUGHT),
        "--impute": ((*FORETELL, "gaps.csv"), LINEAR, ZERO),
        "--date-order": ((*FORETELL, "orders.csv"), DMY, MDY),
        "--decimal": ((*FORETELL, "decimals.csv"), POINT, COMMA),
        "--skip-bad-rows": (("predict", "classes.st", "bad.csv"), ("--skip-bad-rows",)),
        "--encoding": (
            ("predict", "classes.st", "tale.txt", "--json"),
            ("--encoding", "latin-1"),
        ),
        "--int8": ((*PREDICT, "--json"), ("--int8",)),
        "--json": (PREDICT, ("--json",)),
    },
    "explain": {
        "--output": (("explain", "classes.st", "the cat"), ("--output", "trace.json")),
        "--row": (("explain", "winds.st", "winds.npy", "--json"), ("--row", "2")),
        "--series": (("explain", "two.st"), SOLD, BOUGHT),
        "--json": (("explain", "classes.st", "the cat"), ("--json",)),
    },
    "peek": {
        "--valid": (("peek", "who.csv"), ("--valid", "who.csv")),
        "--task": (("peek", "kinds.conll"), ("--task", "language")),
        "--text-column": (("peek", "who.csv"), ("--text-column", "label")),
        "--sheet": (("peek", "book.xlsx"), ("--sheet", "other")),
        "--strip": (("peek", "said.srt"), ("--strip",)),
        "--label-column": (("peek", "who.csv"), ("--label-column", "text")),
        "--column": (("peek", "three.conll"), ("--column", "2")),
        "--word-column": (("peek", "three.conll"), ("--word-column", "2")),
        "--source-column": (("peek", "three.tsv"), ("--source-column", "other")),
        "--target-column": (("peek", "three.tsv"), ("--target-column", "other")),
        "--series": (("peek", "sales.csv"), SOLD),
        "--date-order": (("peek", "orders.csv"), DMY, MDY),
        "--decimal": (("peek", "decimals.csv"), POINT, COMMA),
        "--skip-bad-rows": (("peek", "bad.csv"), ("--skip-bad-rows",)),
        "--encoding": (("peek", "tale.txt"), ("--encoding", "latin-1")),
        "--json": (("peek", "tale.txt"), ("--json",)),
    },
    "info": {"--json": (("info", "word.st"), ("--json",))},
    "export": {
        "--web": (("export", "word.st", "--onnx", "word.onnx"), ("--web", "page")),
        "--onnx": (("export", "word.st"), ("--onnx", "a.onnx"), ("--onnx", "b.onnx")),
        "--json": (("export", "word.st", "--onnx", "word.onnx"), ("--json",)),
    },
    "push": {
        "--private": (("push", "word.st", "ada/tale"), ("--private",)),
        "--json": (("push", "word.st", "ada/tale"), ("--json",)),
    },
    "pull": {
        "--output": (("pull", "ada/tale"), ("--output", "a.st"), ("--output", "b.st")),
        "--json": (("pull", "ada/tale", "--output", "a.st"), ("--json",)),
    },
    "cache": {"--empty": (("cache",), ("--empty",)), "--json": (("cache",), ("--json",))},
    "demo": {
        "--minutes": (("demo",), ("--minutes", "0.005"), ("--minutes", "0.01")),
        "--output": (("demo", "--minutes", "0.005"), ("--output", "elsewhere")),
    },
}


TESTS = Path(__file__).parent.parent
# Commands that do not end by themselves: each of their options is used in tests of their own.
LASTING = {"serve": TESTS / "server" / "test_runner.py", "type": TESTS / "cli" / "test_type.py"}


def test_no_option_is_left_out():
    commands = typer.main.get_command(app).commands
    result = {
        name: {p.opts[-1] for p in command.params if p.param_type_name == "option"}
        - {"--help", "--threads"}
        for name, command in commands.items()
    }
    for name, file in LASTING.items():
        written = file.read_text()
        assert not {option for option in result.pop(name) if f'"{option}"' not in written}
    assert result == {name: set(options) for name, options in OPTIONS.items()}


@pytest.mark.parametrize(
    ("command", "option"), [(c, option) for c, those in OPTIONS.items() for option in those]
)
@pytest.mark.usefixtures("reading", "rewriting", "small_examples", "hub")
def test_every_option_changes_something(elman, here, monkeypatch, command, option):
    Path("mine.txt").write_text("the pelican said nothing\n" * 50)
    cues = (f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\nthe whale, {n}\n\n" for n in range(60))
    Path("said.srt").write_text("".join(cues))
    rows = Path("who.csv").read_text().splitlines()
    Path("bad.csv").write_text("\n".join([*rows, "bad,y,z"]))
    Path("rare.csv").write_text("\n".join([*rows, "where is the whale,whale"]))
    two = (f"{row},{row.split(',')[0][-4:]},{'cat' if 'mat' in row else 'dog'}" for row in rows[1:])
    Path("two.csv").write_text("\n".join(["text,label,other,again", *two]))
    Path("three.conll").write_text("a\tDET\tWORD\nriver\tWORD\tDET\n\nit\tWORD\tWORD\n")
    four = "a\tB\tDET\nriver\tC\tWORD\n\nthe\tB\tDET\nwhale\tD\tWORD\n\n"
    Path("four.conll").write_text(four * 20)
    pairs = [line.split("\t") for line in Path("said.tsv").read_text().splitlines()[1:]]
    three = (f"{source}\t{target}\t{target[::-1]}" for source, target in pairs)
    Path("three.tsv").write_text("\n".join(["source\ttarget\tother", *three]))
    first, *sold = Path("sold.csv").read_text().splitlines()
    sales = (f"{row}5,{month % 5 + 1}" for month, row in enumerate(sold))  # none is known already
    Path("sales.csv").write_text("\n".join([f"{first},bought", *sales]))
    Path("gaps.csv").write_text("\n".join([first, *sold[:-9], "2006-12,", *sold[-8:]]))
    # Read day first, these months follow those that sold.st has learned from.
    months = ((2007 + number // 12, number % 12 + 1) for number in range(8, 88))
    orders = [f"01/{month:02}/{year},{month % 5 + 20}" for year, month in months]
    Path("orders.csv").write_text("\n".join(["month,sold", *orders]))
    decimals = [f'{number},"{number % 12 + 10},250"' for number in range(80)]
    Path("decimals.csv").write_text("\n".join(["step,sold", *decimals]))
    if option == "--sheet":
        openpyxl = pytest.importorskip("openpyxl", reason="the extra 'files' is not installed")
        book = openpyxl.Workbook()
        for sheet, some in ((book.active, rows), (book.create_sheet("other"), rows[:50])):
            for row in some:
                sheet.append(row.split(","))
        book.save("book.xlsx")
    if option == "--train":
        # A text that only --train tells of.
        trained = elman(
            "train", "mine.txt", "-o", "unknown.st", "--steps", "1", "--hidden-size", "8"
        )
        assert trained.status == 0, trained.err
        monkeypatch.setenv("ELMAN_CACHE", str(here / "another-cache"))
    if (command, option) == ("explain", "--series"):
        trained = elman("train", "sales.csv", "-o", "two.st", "--steps", "2", "--hidden-size", "4")
        assert trained.status == 0, trained.err
    if command == "demo":  # one model is enough: test_demo trains all
        demo = importlib.import_module("elman.cli.demo")
        parts_at_hand = demo.parts_at_hand
        monkeypatch.setattr(demo, "parts_at_hand", lambda folder: islice(parts_at_hand(folder), 1))
    arguments, *variants = OPTIONS[command][option]
    if len(variants) == 1:
        variants.insert(0, ())
    outcomes = []
    for variant in variants:
        before = {path: path.read_bytes() for path in here.rglob("*.st*") if path.is_file()}
        done = elman(*arguments, *variant)
        assert done.status == (option == "--skip-bad-rows" and not variant), done.err
        outcomes.append((done.out, done.err.count("\n"), weights_in(here)))
        for path in weights_in(here).keys() - before.keys():
            path.unlink()
    assert outcomes[0] != outcomes[1]


def weights_in(folder):
    """The tensors of each model there, for what its header says of settings proves nothing; and
    the pictures."""
    result = {path: path.read_bytes() for path in folder.rglob("*.svg")}
    for path in [*folder.rglob("*.st"), *folder.rglob("*.safetensors")]:
        data = path.read_bytes()
        result[path] = data[8 + int.from_bytes(data[:8], "little") :]
    return result
