"""The command line as its user has it: what is typed, and what comes back."""

from __future__ import annotations

import functools
import io
import math
import os
import random
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch  # noqa: F401, so that the tests' one thread is set before it is used
import typer

from commands import Process
from elman.cli import main
from elman.examples import Digit, PythonSentence, Split, Sunspots
from elman.examples.digits import NAMES

SMALL = ("--steps", "20", "--hidden-size", "16")


class Answer(NamedTuple):
    status: int
    out: str
    err: str


class Kept(io.BytesIO):
    """Bytes that can still be looked at when the text around them is gone."""

    def close(self) -> None: ...


def sentences(count: int, seed: int) -> str:
    draw = random.Random(seed).choice
    who = ["the cat", "the dog", "a bird", "my old friend"]
    did = ["sat on", "looked at", "walked to"]
    what = ["the mat", "the river", "a house", "the café"]
    return "".join(f"{draw(who)} {draw(did)} {draw(what)}.\n" for _ in range(count))


def answer(*arguments: str, stdin: bytes | None = b"") -> Answer:
    """Run a command in this process; None is a stdin that is closed."""
    streams = sys.stdin, sys.stdout, sys.stderr
    out, err = Kept(), Kept()
    sys.stdin = None if stdin is None else io.TextIOWrapper(Kept(stdin), "utf-8")
    sys.stdout, sys.stderr = io.TextIOWrapper(out, "utf-8"), io.TextIOWrapper(err, "utf-8")
    try:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
    assert isinstance(end.value.code, int)
    return Answer(end.value.code, out.getvalue().decode(), err.getvalue().decode())


@pytest.fixture(scope="session", autouse=True)
def commands_made_once():
    """To make the commands from their functions takes longer than most of them take."""
    make = typer.main.get_command
    typer.main.get_command = functools.cache(make)
    yield
    typer.main.get_command = make


@pytest.fixture(scope="session")
def elman():
    return answer


@pytest.fixture(scope="session")
def peek():
    """Run `elman peek`, which must succeed; its output."""

    def peek(*arguments: str) -> str:
        done = answer("peek", *arguments)
        assert (done.status, done.err) == (0, "")
        return done.out

    return peek


@pytest.fixture(scope="session")
def refused_peek():
    """Run `elman peek`, which must fail with one line; its message."""

    def refused_peek(*arguments: str) -> str:
        done = answer("peek", *arguments)
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
        assert done.err.startswith("elman: ")
        return done.err.removeprefix("elman: ")

    return refused_peek


def labelled(count: int, seed: int) -> str:
    """A table of sentences and who is in them."""
    lines = [line.rstrip(".") for line in sentences(count, seed).splitlines()]
    return "text,label\n" + "".join(f"{line},{line.split()[1]}\n" for line in lines)


def tagged(count: int, seed: int) -> str:
    """Sentences in CoNLL, whose tags follow from the words."""
    kinds = {"the": "DET", "a": "DET", "my": "DET", "old": "ADJ", "on": "ADP", ".": "PUNCT"}
    return "".join(
        "".join(f"{word}\t{kinds.get(word, 'WORD')}\n" for word in line.replace(".", " .").split())
        + "\n"
        for line in sentences(count, seed).splitlines()
    )


@pytest.fixture(scope="session")
def readers(tmp_path_factory):
    """A folder with a table, a file of tagged sentences, and a model of each: who is told of, and
    what the words are."""
    from elman import Classifier, Tagger

    folder = tmp_path_factory.mktemp("readers")
    (folder / "who.csv").write_text(labelled(200, 3), encoding="utf-8")
    (folder / "kinds.conll").write_text(tagged(60, 4), encoding="utf-8")
    rows = [line.split(",") for line in labelled(200, 5).splitlines()[1:]]
    classifier = Classifier(tokenizer="word", hidden_size=16, steps=60)
    classifier.fit([text for text, _ in rows], [label for _, label in rows])
    classifier.save(folder / "classes.st")
    (folder / "learned.conll").write_text(tagged(60, 6), encoding="utf-8")
    # Without counts it is less sure, so what int8 weights change is seen in its probabilities.
    tagger = Tagger(hidden_size=16, steps=60, counts="off").fit(folder / "learned.conll")
    tagger.save(folder / "tags.st")
    return folder


FRENCH = {
    "le chat": "the cat",
    "un chien": "a dog",
    "la reine": "the queen",
    "voit": "sees",
    "aime": "likes",
    "cherche": "looks for",
    "la maison": "the house",
    "un arbre": "a tree",
    "le roi": "the king",
}


def rewritten(count: int, seed: int) -> list[tuple[str, str]]:
    """Sentences in French and in English."""
    draw, words = random.Random(seed).choice, list(FRENCH)
    phrases = ([draw(words[index : index + 3]) for index in (0, 3, 6)] for _ in range(count))
    return [(" ".join(each), " ".join(FRENCH[word] for word in each)) for each in phrases]


def sold(count: int) -> str:
    """A table of what was sold each month: a wave on a slope."""
    values = [100 + step + 20 * math.sin(step * math.pi / 6) for step in range(count)]
    months = [f"{2001 + step // 12}-{step % 12 + 1:02}" for step in range(count)]
    rows = zip(months, values, strict=True)
    return "month,sold\n" + "".join(f"{month},{value:.2f}\n" for month, value in rows)


@pytest.fixture(scope="session")
def rewriters(tmp_path_factory):
    """A folder with two parallel files and two that are held out, a table of the same, vectors
    with what they are called, and a table of numbers; and a model of each of the three kinds."""
    from elman import Describer, Forecaster, Translator

    folder = tmp_path_factory.mktemp("rewriters")
    for name, pairs in (("said", rewritten(30, 7)), ("held", rewritten(6, 8))):
        for side, ending in enumerate(("fr", "en")):
            lines = "".join(f"{pair[side]}\n" for pair in pairs)
            (folder / f"{name}.{ending}").write_text(lines, encoding="utf-8")
    table = ["fr\ten", *map("\t".join, rewritten(30, 7))]
    (folder / "said.tsv").write_text("\n".join(table) + "\n", encoding="utf-8")
    kinds = np.random.default_rng(9).integers(0, 3, 30)
    names = [["north wind", "south", "far west"][kind] for kind in kinds]
    np.save(folder / "winds.npy", np.eye(3)[kinds] + np.linspace(0, 0.1, 30)[:, None])
    (folder / "winds.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    (folder / "sold.csv").write_text(sold(80), encoding="utf-8")
    small: dict[str, int] = {"hidden_size": 8, "steps": 12}
    Translator(tokenizer="character", **small).fit(folder / "said.tsv").save(folder / "french.st")
    described = Describer(tokenizer="character", **small).fit(np.load(folder / "winds.npy"), names)
    described.save(folder / "winds.st")
    Forecaster(hidden_size=4, steps=2).fit(folder / "sold.csv").save(folder / "sold.st")
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory, own_cache):  # noqa: ARG001
    """A folder with two texts and a model of characters and one of words, trained by command."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "tale.txt").write_text(sentences(150, 1), encoding="utf-8")
    (folder / "held.txt").write_text(sentences(40, 2), encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    try:
        for tokenizer in ("character", "word"):
            done = answer(
                "train",
                "tale.txt",
                "-o",
                f"{tokenizer}.st",
                "--tokenizer",
                tokenizer,
                "--counts",
                "off",
                *SMALL,
            )
            assert done.status == 0, done.err
            (folder / f"{tokenizer}.out").write_text(done.out, encoding="utf-8")
            (folder / f"{tokenizer}.err").write_text(done.err, encoding="utf-8")
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def work_on_copies(tmp_path, monkeypatch):
    """Copy a folder's files to a temporary folder, and change to it."""

    def work_on_copies(folder: Path) -> Path:
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return work_on_copies


@pytest.fixture
def reading(readers, work_on_copies):
    """The current folder, with copies of what `readers` has."""
    return work_on_copies(readers)


@pytest.fixture
def rewriting(rewriters, work_on_copies):
    """The current folder, with copies of what `rewriters` has."""
    return work_on_copies(rewriters)


@pytest.fixture
def here(made, work_on_copies):
    """The current folder, with copies of what `made` has."""
    return work_on_copies(made)


@pytest.fixture
def small_examples(here, monkeypatch):
    """The demo's data, a little of each."""
    names = [(f"{start}{end}", end) for start in ("ka", "lo", "mi") for end in ("ski", "sen")] * 9
    code = [PythonSentence(("def", "f", "(", "x", ")", ":"), ("K", "F", "O", "P", "O", "O"))] * 30
    pairs = [(f"{day} mai", f"May {day}") for day in range(1, 32)]
    images = [Digit(np.eye(64, dtype=np.float32)[index], NAMES[index % 10]) for index in range(40)]
    spots = Sunspots([*range(1700, 1900)], [50 + 40 * math.sin(0.57 * n) for n in range(200)])
    for name, data in (
        ("documents_of_python", [("tale", (here / "tale.txt").read_text(encoding="utf-8"))]),
        ("sentences_of_python", Split(code, code, code)),
        ("surnames", Split(names, names, names)),
        ("french_english", Split(pairs, pairs, pairs)),
        ("digits", Split(images, images[:20], images[:20])),
        ("sunspots", spots),
    ):
        monkeypatch.setattr(f"elman.examples.{name}", lambda data=data: data)


@pytest.fixture
def hub(made, monkeypatch):
    """A hub that has one model; tests/export has one that speaks its language."""
    from elman.tasks.loading import load

    def push(_, repository, *, private):
        return f"http://hub/{repository}/{'diary' if private else 'public'}"

    def pull(_, file):
        shutil.copy(made / "word.st", file)
        return load(file)

    monkeypatch.setattr("elman.export.push", push)
    monkeypatch.setattr("elman.export.pull", pull)


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / "another-cache"))
    return tmp_path / "another-cache"


@pytest.fixture
def begin(here, start):  # noqa: ARG001
    """`start`, in a folder with models of language."""
    return start


@pytest.fixture
def start():
    """Start a command as a process; whatever still runs at the end is killed."""
    started = []

    def begun(*arguments: str, **settings) -> Process:
        started.append(Process(*arguments, **settings))
        return started[-1]

    yield begun
    for process in started:
        process.close()


@pytest.fixture
def interrupt_after(monkeypatch):
    """As if Ctrl-C were pressed after so many steps of a training."""

    def patch(steps: int) -> None:
        asked = iter(range(steps))
        monkeypatch.setattr(
            "elman.console.terminal.FirstInterrupt.__call__", lambda _: next(asked, None) is None
        )

    return patch
