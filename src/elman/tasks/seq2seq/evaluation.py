"""The evaluation of a translator or describer, its baseline, and warnings.

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
    from collections.abc import Collection, Mapping, Sequence

    import numpy.typing as npt

    from elman.metrics.generated_text import CorpusScore, GroupedReferences, Tokens

    Vectors = npt.NDArray[np.floating[Any]]


MAX_PHONEME_LENGTH = 3  # characters, such as AH, TH, ei
MAX_PHONEMES = 8  # of a pronunciation
MAX_WORD_LENGTH = 20  # characters of a target that is a single word, such as a name

TOO_SHORT, TOO_LONG = 0.7, 1.5  # relative to the length of the targets
MAX_SHUFFLED_CHRF = 0.8  # relative to chrF; above it the model ignores its source
MAX_LOOPS = 0.02  # fraction of the outputs
_LOOP = re.compile(r"(.{2,30}?)\1{3}", re.DOTALL)


REPORTED_FRACTION = 0.02
"""Of the rows that a training read, the most in its report: more would take more than a tenth of
its time, for a beam search takes several times as long as a training step."""

FEWEST_REPORTED = 200


class Seq2SeqBaseline(Protocol):
    """A baseline, such as `NearestSource` or `NearestVector`."""

    name: str

    def answers(self, sources: Any, /) -> list[str]: ...


def reported(rows: Sequence[Any], record: Mapping[str, Any]) -> Sequence[Any]:
    """Some of the validation rows, evenly spread, whose report takes about a tenth of the time of
    the training.

    Args:
        rows: (N,) sources, vectors or targets.
        record: of the training.
    """
    trained = record.get("pairs", record.get("descriptions", 0))
    tokens = record["source_tokens"] + record["target_tokens"]
    most = max(FEWEST_REPORTED, int(REPORTED_FRACTION * trained * record["tokens_read"] / tokens))
    return rows[:: -(-len(rows) // most)]


class _ScoredTargets(NamedTuple):
    """The targets to score against.

    Attributes:
        targets: (N,) of each row.
        distinct: references of each distinct source.
        tokens: unit of the edits, if targets are short; else None.
    """

    targets: Sequence[str]
    distinct: GroupedReferences
    tokens: Tokens | None

    def corpus_scores(self, answers: Sequence[str]) -> dict[str, CorpusScore]:
        """chrF, and BLEU if any target has the four words that BLEU needs."""
        scored = {"chrf": chrf(answers, self.targets)}
        if any(len(target.split()) >= WORDS for target in self.targets):
            scored = {"bleu": bleu(answers, self.targets)} | scored
        return scored

    def counted(self, answers: Sequence[str]) -> dict[str, CountedMetric]:
        """Exact match and error rates, which are fractions of counts."""
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
        """Intervals of the difference of both outputs, for the scores named."""
        sides = []
        for side in (answers, others):
            figures = self.counted(side)
            if "bleu" in names:
                figures["bleu"] = CountedMetric(bleu_of, bleu_counts(side, self.targets))
            figures["chrf"] = CountedMetric(chrf_of, chrf_counts(side, self.targets))
            sides.append(figures)
        ours, theirs = sides
        return {name: ours[name].interval(theirs[name]) for name in names}

    def alone(self, answers: Sequence[str], part: Sequence[str]) -> dict[str, Any]:
        """The exact matches of a part, and the interval of the whole model's gain over it."""
        both, alone = (
            CountedMetric(fraction, match_counts(side, self.targets)) for side in (answers, part)
        )
        return {"exact_match": alone.score(), "gain": list(both.interval(alone))}


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
    parts: Mapping[str, Sequence[str]] | None = None,
) -> Evaluation:
    """Score a model and a baseline on the same sources.

    BLEU, chrF and exact match compare each row with its own target. Error rates, for short targets,
    count each distinct source once; the targets of all rows with that source are its references.

    Args:
        sources: (N,) texts; for a describer (N, D) vectors, or None.
        targets: (N,) references.
        answers: (N,) outputs of the model.
        baseline: fitted to the training data of the model; None for none.
        shuffled: (N,) outputs for shuffled sources; see `shuffled`. None: no shuffle test.
        known_sources: sources of the training data; None: unknown.
        warnings: further warnings to report.
        parts: (N,) outputs of each part of the model alone, by its name.

    Raises:
        ValueError: the numbers of targets, outputs or sources differ.
        EmptyTextError: there are no outputs.
    """
    check_pairs(answers, targets)
    texts = None if sources is None or isinstance(sources, np.ndarray) else sources
    if sources is not None:
        check_pairs(answers, sources)
    # Without source texts, treat each row as a distinct source.
    distinct = group_references(texts or [str(row) for row in range(len(targets))], targets)
    aims = _ScoredTargets(targets, distinct, tokens_of(targets))
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

    if parts:
        details["alone"] = {name: aims.alone(answers, part) for name, part in parts.items()}

    named, interval = None, {}
    if baseline is not None:
        others = baseline.answers(sources)
        named = {
            "name": baseline.name,
            **_values(aims.corpus_scores(others), aims.counted(others)),
        }
        interval = aims.intervals(scores, answers, others)
    kind: str = "describe" if texts is None else "translate"
    warnings = (*warnings, *_warnings(len(answers), scores, details))
    return Evaluation(kind, len(answers), scores, named, interval, warnings, details)


def tokens_of(targets: Sequence[str]) -> Tokens | None:
    """The unit of edits: 'token' for phonemes, 'character' for single words, None for sentences.

    Targets are phonemes if they have a few words each, nearly all of at most three characters.
    """
    words = [target.split() for target in targets]
    lengths = [len(word) for row in words for word in row]
    several = float(np.median([len(row) for row in words]))
    if 1 < several <= MAX_PHONEMES and np.quantile(lengths, 0.95) <= MAX_PHONEME_LENGTH:
        return "token"
    short = float(np.median([len(target) for target in targets])) <= MAX_WORD_LENGTH
    return "character" if short and several <= 1 else None


def _length(texts: Sequence[str]) -> int:
    """Total number of characters."""
    return sum(map(len, texts))


def _loops(answers: Sequence[str], targets: Sequence[str]) -> int:
    """Number of outputs that repeat something four times in a row, unless the target does."""
    pairs = zip(answers, targets, strict=True)
    return sum(_repeats(answer) and not _repeats(target) for answer, target in pairs)


def _repeats(text: str) -> bool:
    return _LOOP.search(f" {text}") is not None  # with a space before its first word too


def _warnings(rows: int, scores: dict[str, float], details: dict[str, Any]) -> list[str]:
    warnings = []
    known = details.get("known_sources", 0)
    if known:
        warnings.append(
            f"{known:,} of {rows:,} sources stand in the training data too: "
            "these scores say less about new ones"
        )
    left = details.get("shuffled_chrf", 0.0)
    if left > MAX_SHUFFLED_CHRF * scores["chrf"]:
        warnings.append(
            f"with the sources shuffled chrF is {left:.1f}, of {scores['chrf']:.1f}: the model all "
            "but ignores what it reads; more training or more data may help"
        )
    length = details["length_ratio"]
    if not TOO_SHORT <= length <= TOO_LONG:
        warnings.append(
            f"the answers are {length:.0%} as long as their targets: a model that has not learned "
            "where to stop, or one that was trained on other texts"
        )
    loops = details["repetition_loops"]
    if loops > MAX_LOOPS * rows:
        warnings.append(
            f"{loops:,} of {rows:,} answers repeat themselves four times on end or more"
        )
    return warnings


def shuffled(answers: Sequence[str], seed: int = 0) -> list[str]:
    """Outputs in random order: those of the shuffled sources, as each source is decoded alone."""
    order = list(answers)
    random.Random(seed).shuffle(order)
    return order
