"""The report of a model that writes, its baseline's beside it, and what a reader should be told.

Shapes: N rows; M distinct sources among them.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from elman.metrics.counted import CountedMetric, fraction
from elman.metrics.generated_text import (
    bleu,
    check_pairs,
    chrf,
    edit_counts,
    group_references,
    match_counts,
    wrong_counts,
)
from elman.metrics.ngram_counts import WORDS, bleu_counts, bleu_of, chrf_counts, chrf_of
from elman.metrics.report import Evaluation

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from elman.metrics.generated_text import CorpusScore, GroupedReferences, Tokens

    Vectors = npt.NDArray[np.floating[Any]]


LONGEST_WORD = 3  # characters of a phoneme's name: AH, TH, ei
SHORT_IN_WORDS = 8  # of a target that is a word's pronunciation
SHORT_IN_CHARACTERS = 20  # of a target that is a single word, such as a name

TOO_SHORT, TOO_LONG = 0.7, 1.5  # of the targets' length
IGNORES_SOURCE = 0.8  # of chrF that is left when sources are shuffled
MANY_LOOPS = 0.02  # of the answers
_LOOP = re.compile(r"(.{2,30}?)\1{3}", re.DOTALL)


class Seq2SeqBaseline(Protocol):
    """Such as `NearestSource` for texts, `NearestVector` for vectors."""

    name: str

    def answers(self, sources: Any, /) -> list[str]: ...


class _Targets(NamedTuple):
    """What is to be written: a target for each row; and, where they are short, the references of
    each distinct source, and what their edits are counted in."""

    targets: Sequence[str]
    distinct: GroupedReferences
    tokens: Tokens | None

    def corpus_scores(self, answers: Sequence[str]) -> dict[str, CorpusScore]:
        """BLEU takes n-grams of four words; of shorter targets it is 0, however right answers are,
        and is left out."""
        scored = {"chrf": chrf(answers, self.targets)}
        if any(len(target.split()) >= WORDS for target in self.targets):
            scored = {"bleu": bleu(answers, self.targets)} | scored
        return scored

    def counted(self, answers: Sequence[str]) -> dict[str, CountedMetric]:
        """The scores that are shares."""
        figures = {"exact_match": CountedMetric(fraction, match_counts(answers, self.targets))}
        if self.tokens is not None:
            firsts = [answers[row] for row in self.distinct.rows]
            edits = edit_counts(firsts, self.distinct.references, self.tokens)
            figures["token_error_rate"] = CountedMetric(fraction, edits)
            figures["word_error_rate"] = CountedMetric(fraction, wrong_counts(edits))
        return figures

    def intervals(
        self, names: Collection[str], answers: Sequence[str], others: Sequence[str]
    ) -> dict[str, tuple[float, float]]:
        """Of each score that is named, how far the answers are above the others."""
        sides = []
        for side in (answers, others):
            figures = self.counted(side)
            if "bleu" in names:
                figures["bleu"] = CountedMetric(bleu_of, bleu_counts(side, self.targets))
            figures["chrf"] = CountedMetric(chrf_of, chrf_counts(side, self.targets))
            sides.append(figures)
        ours, theirs = sides
        return {name: ours[name].interval(theirs[name]) for name in names}


def _values(corpus: dict[str, CorpusScore], counted: dict[str, CountedMetric]) -> dict[str, float]:
    shares = {name: each.score() for name, each in counted.items()}
    return {name: each.value for name, each in corpus.items()} | shares


def evaluate_seq2seq(
    sources: Sequence[str] | Vectors | None,
    targets: Sequence[str],
    answers: Sequence[str],
    baseline: Seq2SeqBaseline | None = None,
    shuffled: Sequence[str] | None = None,
    known_sources: Collection[str] | None = None,
    warnings: Sequence[str] = (),
) -> Evaluation:
    """Score what a model wrote for N sources, and what a baseline writes for the very same ones.

    BLEU, chrF and exact match hold each row against its own target, as anyone would who has the
    two files. Error rates, where targets are short, count each distinct source once: rows with the
    same source are references of one another.

    Args:
        sources: (N,) texts; or (N, D) vectors, or None, of a model that describes.
        targets: (N,) what was to be written.
        answers: (N,) what the model wrote.
        baseline: fitted to what the model learned from; it reads the sources.
        shuffled: (N,) answers to the same sources in another order. A model that reads each source
            by itself writes the same ones again, so they may be its answers in that order.
        known_sources: those that the model learned from.
        warnings: what a reader should know besides.

    Raises:
        ValueError: another number of targets, answers or sources.
        EmptyTextError: no answer.
    """
    check_pairs(answers, targets)
    texts = None if sources is None or isinstance(sources, np.ndarray) else sources
    if sources is not None:
        check_pairs(answers, sources)
    # Without texts each row is a source of its own.
    distinct = group_references(texts or [str(row) for row in range(len(targets))], targets)
    aims = _Targets(targets, distinct, tokens_of(targets))
    written = aims.corpus_scores(answers)
    scores = _values(written, aims.counted(answers))

    details: dict[str, Any] = {
        "signatures": {name: each.signature for name, each in written.items()},
        "length_ratio": _length(answers) / max(_length(targets), 1),
        "repetition_loops": _loops(answers, targets),
    }
    if aims.tokens is not None:
        details |= {"tokens": aims.tokens, "distinct_sources": len(distinct.rows)}
    if texts is not None and known_sources is not None:
        known = frozenset(known_sources)
        details["known_sources"] = sum(source in known for source in texts)
    if shuffled is not None:
        scored = aims.corpus_scores(shuffled)
        details |= {f"shuffled_{name}": each.value for name, each in scored.items()}

    named, interval = None, {}
    if baseline is not None:
        others = baseline.answers(sources)
        named = {
            "name": baseline.name,
            **_values(aims.corpus_scores(others), aims.counted(others)),
        }
        interval = aims.intervals(scores, answers, others)
    kind: str = "describe" if texts is None else "translate"
    said = (*warnings, *_warnings(len(answers), scores, details))
    return Evaluation(kind, len(answers), scores, named, interval, said, details)


def tokens_of(targets: Sequence[str]) -> Tokens | None:
    """What to count edits in: 'token' for phonemes, 'character' for single words, else None: of
    sentences BLEU says more.

    Phonemes are several to a target, few enough, and nearly all of a few letters.
    """
    words = [target.split() for target in targets]
    lengths = [len(word) for row in words for word in row]
    several = float(np.median([len(row) for row in words]))
    if 1 < several <= SHORT_IN_WORDS and np.quantile(lengths, 0.95) <= LONGEST_WORD:
        return "token"
    short = float(np.median([len(target) for target in targets])) <= SHORT_IN_CHARACTERS
    return "character" if short and several <= 1 else None


def _length(texts: Sequence[str]) -> int:
    """Characters in all."""
    return sum(map(len, texts))


def _loops(answers: Sequence[str], targets: Sequence[str]) -> int:
    """Answers that say something four times on end, where the target does not."""
    pairs = zip(answers, targets, strict=True)
    return sum(_repeats(answer) and not _repeats(target) for answer, target in pairs)


def _repeats(text: str) -> bool:
    return _LOOP.search(f" {text}") is not None  # with a space before its first word too


def _warnings(rows: int, scores: dict[str, float], details: dict[str, Any]) -> list[str]:
    said = []
    known = details.get("known_sources", 0)
    if known:
        said.append(
            f"{known:,} of {rows:,} sources stand in the training data too: "
            "these scores say less about new ones"
        )
    left = details.get("shuffled_chrf", 0.0)
    if left > IGNORES_SOURCE * scores["chrf"]:
        said.append(
            f"with the sources shuffled chrF is {left:.1f}, of {scores['chrf']:.1f}: the model all "
            "but ignores what it reads; more training or more data may help"
        )
    length = details["length_ratio"]
    if not TOO_SHORT <= length <= TOO_LONG:
        said.append(
            f"the answers are {length:.0%} as long as their targets: a model that has not learned "
            "where to stop, or one that was trained on other texts"
        )
    loops = details["repetition_loops"]
    if loops > MANY_LOOPS * rows:
        said.append(f"{loops:,} of {rows:,} answers repeat themselves four times on end or more")
    return said


def shuffled(answers: Sequence[str], seed: int = 0) -> list[str]:
    """The answers to the same sources in another order: each is read by itself, so they are the
    same answers in that order."""
    order = list(answers)
    random.Random(seed).shuffle(order)
    return order
