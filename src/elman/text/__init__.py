"""Files -> text -> symbols: what a network reads. Nothing here imports torch.

The public names are loaded when they are first asked for, so `import elman.text` costs nothing.
`elman.text.peek` is a module; its function is imported as `from elman.text.peek import peek`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from elman.text.cache import Cache, Entry
    from elman.text.conll import Sentence
    from elman.text.corpus import Corpus
    from elman.text.example_reader import Example, ExampleReader
    from elman.text.files import Document, TextSource
    from elman.text.labelled import LabelledSource, check_classes
    from elman.text.lexicon import BUCKETS, Forms, Lexicon, words_of
    from elman.text.pair_reader import Pair, PairReader
    from elman.text.pairs import PairSource
    from elman.text.peek import Peek
    from elman.text.peek_labelled import PeekLabelled
    from elman.text.peek_pairs import PeekPairs
    from elman.text.peek_series import PeekSeries
    from elman.text.peek_tagged import PeekTagged
    from elman.text.peek_vectors import PeekVectors
    from elman.text.sentence_reader import SentenceReader
    from elman.text.tag_vocabulary import TagVocabulary
    from elman.text.tagged import TaggedSource
    from elman.text.task import TaskGuess, infer_task
    from elman.text.units import (
        BOUNDARY,
        UNITS,
        Characters,
        Decoder,
        Subwords,
        Unit,
        Words,
        unit_from_json,
    )
    from elman.text.vectors import VectorSource, checked_vectors

__all__ = [
    "BOUNDARY",
    "BUCKETS",
    "UNITS",
    "Cache",
    "Characters",
    "Corpus",
    "Decoder",
    "Document",
    "Entry",
    "Example",
    "ExampleReader",
    "Forms",
    "LabelledSource",
    "Lexicon",
    "Pair",
    "PairReader",
    "PairSource",
    "Peek",
    "PeekLabelled",
    "PeekPairs",
    "PeekSeries",
    "PeekTagged",
    "PeekVectors",
    "Sentence",
    "SentenceReader",
    "Subwords",
    "TagVocabulary",
    "TaggedSource",
    "TaskGuess",
    "TextSource",
    "Unit",
    "VectorSource",
    "Words",
    "check_classes",
    "checked_vectors",
    "infer_task",
    "unit_from_json",
    "words_of",
]

_HOMES = {
    "cache": ("Cache", "Entry"),
    "conll": ("Sentence",),
    "corpus": ("Corpus",),
    "example_reader": ("Example", "ExampleReader"),
    "lexicon": ("BUCKETS", "Forms", "Lexicon", "words_of"),
    "files": ("Document", "TextSource"),
    "labelled": ("LabelledSource", "check_classes"),
    "pair_reader": ("Pair", "PairReader"),
    "pairs": ("PairSource",),
    "peek": ("Peek",),
    "peek_labelled": ("PeekLabelled",),
    "peek_pairs": ("PeekPairs",),
    "peek_series": ("PeekSeries",),
    "peek_tagged": ("PeekTagged",),
    "peek_vectors": ("PeekVectors",),
    "sentence_reader": ("SentenceReader",),
    "tag_vocabulary": ("TagVocabulary",),
    "tagged": ("TaggedSource",),
    "task": ("TaskGuess", "infer_task"),
    "units": (
        "BOUNDARY",
        "UNITS",
        "Characters",
        "Decoder",
        "Subwords",
        "Unit",
        "Words",
        "unit_from_json",
    ),
    "vectors": ("VectorSource", "checked_vectors"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
