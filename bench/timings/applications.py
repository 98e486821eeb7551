"""Whole applications: real models that write, suggest, read, translate and learn.

Each is trained for some seconds on real text, then timed with the native core, float32 and int8,
and without it, through torch.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import elman
from elman import Classifier, LanguageModel, Translator
from elman.kernels import core
from elman.tasks.language_modeling.config import RECIPES
from elman.tasks.translation.inputs import read_pairs
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource
from elman.text.pairs import PairSource
from elman.training.events import Progress
from tables import DATA
from timings.comparison import Comparison, Goal, Group, Peer, Ratio, Work, counted

FLOAT, INT8, WITHOUT = "float32", "int8", "without the core"
RATIOS = tuple(Ratio(f"{name} / {WITHOUT}", name, (WITHOUT,)) for name in (FLOAT, INT8))

SHAKESPEARE = DATA / "shakespeare.txt"
LETTERS, BEGINNINGS, REVIEWS, SENTENCES, STEPS = 400, 100, 300, 50, 10


@dataclass(frozen=True)
class Application:
    """A line.

    Args:
        trained: makes the model.
        use: of a model, what a call does.
        items: of what is counted that a call works through.
        ways: how it is done; only a language model multiplies integers.
    """

    what: str
    trained: Callable[[], Any]
    use: Callable[[Any], object]
    items: int
    ways: tuple[str, ...] = (FLOAT, WITHOUT)
    goals: Mapping[str, Goal] = field(default_factory=dict)


def applications(threads: int) -> Group:
    title = f"applications: items a second, {counted(threads)}"
    return Group(title, RATIOS, _comparisons(), threads)


def _comparisons() -> Iterator[Comparison]:
    with tempfile.TemporaryDirectory() as folder:
        for application in _APPLICATIONS:
            path = Path(folder) / "model.safetensors"
            application.trained().save(path)
            yield _answering(application, path)
    for cell in ("mingru", "lstm", "gru"):
        yield _learning(cell)


def _answering(application: Application, path: Path) -> Comparison:
    def prepared(name: str) -> Work:
        model = elman.load(path, int8=name == INT8)
        return _within(name, partial(application.use, model))

    peers = [Peer(name, partial(prepared, name)) for name in application.ways]
    return Comparison(application.what, peers, application.goals, application.items)


def _learning(cell: str) -> Comparison:
    recipe = RECIPES["character"]

    def prepared(name: str) -> Work:
        events = LanguageModel(cell=cell, minutes=60).training(SHAKESPEARE)
        steps = (event for event in events if isinstance(event, Progress))
        return _within(name, lambda: list(islice(steps, STEPS)))

    peers = [Peer(name, partial(prepared, name)) for name in (FLOAT, WITHOUT)]
    tokens = STEPS * recipe.batch_size * recipe.sequence_length
    return Comparison(f"characters trained on, {cell}", peers, items=tokens)


def _within(name: str, work: Work) -> Work:
    """With the native core, or without it."""
    wanted = core.OFF if name == WITHOUT else core.name()

    def within() -> object:
        with core.using(wanted):
            return work()

    return within


def _lines(name: str) -> list[str]:
    return (DATA / name).read_text(encoding="utf-8").splitlines()


def _reviews(part: str, count: int) -> tuple[list[str], list[str]]:
    """So many from everywhere: a file may have those of one kind first."""
    rows = list(LabelledSource(TextSource([DATA / f"imdb/{part}.jsonl.gz"])).examples())
    rows = rows[:: len(rows) // count][:count]
    return [row.text for row in rows], [row.label or "" for row in rows]


def _pairs(part: str) -> PairSource:
    return PairSource(TextSource([DATA / f"multi30k/{part}.{side}" for side in ("fr", "en")]))


def _writer() -> LanguageModel:
    return LanguageModel(minutes=0.25).fit(SHAKESPEARE)


def _keyboard() -> LanguageModel:
    return LanguageModel(tokenizer="word", minutes=0.5).fit(DATA / "keyboard_english/train.txt")


def _reader() -> Classifier:
    return Classifier(tokenizer="word", minutes=0.5).fit(*_reviews("train", 5000))


def _translator() -> Translator:
    """Trained for longer, as what matters is how long the answers become."""
    return Translator(minutes=1).fit(_pairs("train"))


def _write(model: LanguageModel) -> str:
    return "".join(model.generate("\n", length=LETTERS, seed=1))


@cache
def _begun() -> list[str]:
    return [line[: len(line) * 2 // 3] for line in _lines("keyboard_english/test.txt")[:BEGINNINGS]]


@cache
def _asked() -> list[str]:
    return read_pairs(_pairs("test_2016_flickr")).sources[:SENTENCES]


@cache
def _unread() -> list[str]:
    return _reviews("test", REVIEWS)[0]


_APPLICATIONS = (
    Application(
        "characters generated, one stream",
        _writer,
        _write,
        LETTERS,
        (FLOAT, INT8, WITHOUT),
        {ratio.name: Goal(15, 30) for ratio in RATIOS},
    ),
    Application(
        "word suggestions",
        _keyboard,
        lambda model: [model.suggest(text) for text in _begun()],
        BEGINNINGS,
        (FLOAT, INT8, WITHOUT),
    ),
    Application("reviews classified", _reader, lambda model: model.predict(_unread()), REVIEWS),
    Application(
        "sentences translated, beam 5",
        _translator,
        lambda model: model.predict(_asked()),
        SENTENCES,
    ),
)
