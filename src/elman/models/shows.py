"""What each model shows of its training: a few held-out questions answered, and a baseline.

Shapes: N examples, K classes, V vocabulary, M origins, H the horizon, Q levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from elman.decoding import Sampling, write
from elman.decoding.beam import Search
from elman.models.rewriting import Limit, written
from elman.models.rewriting_settings import SMOOTHING
from elman.models.sentences import TaggedSentences
from elman.models.side import Side
from elman.network import ClassNetwork, Rewriter, SymbolNetwork, stepper
from elman.network.forecaster import LEVELS, ForecastNetwork, pinball
from elman.scoring.forecasting import seasonal_naive
from elman.scoring.kneser_ney import KneserNey
from elman.scoring.tag_baseline import MostFrequentTag
from elman.text import BOUNDARY, TagVocabulary
from elman.text.series import Series
from elman.training import (
    Answered,
    Baseline,
    Examples,
    Foretold,
    Sources,
    TaggedWords,
    TagLesson,
    Vectors,
    best_tags,
    class_logits,
)
from elman.training.forecast_lesson import Origins, Values, quantiles_at, values_after
from elman.training.stream import VALIDATED

SHOWN = 6  # held-out examples
LONGEST = 400  # characters of one that are shown; the network reads it all
COUNTED = 500_000  # symbols that an n-gram is counted from, the latest
ORDERS = {"character": 5, "subword": 3, "word": 3}
PROMPTS = {"character": 40, "subword": 12, "word": 8}  # symbols of the held-out text ...
LENGTHS = {"character": 240, "subword": 80, "word": 60}  # ... and those written after them
TEMPERATURE = 0.8
PAST = 60  # values that are shown before a forecast

Symbols = npt.NDArray[np.integer[Any]]


def spread_places(count: int, shown: int = SHOWN) -> npt.NDArray[np.int64]:
    """Some of `count` places, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, shown)).round().astype(np.int64))


def short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"


@dataclass(frozen=True)
class LanguageShow:
    """A text written after the held-out one's beginning, the draws always the same."""

    network: SymbolNetwork
    unit: Any
    learned_from: Symbols
    held_out: Symbols

    def baseline(self) -> Baseline | None:
        name, order = self.unit.name, ORDERS[self.unit.name]
        counted = np.asarray(self.learned_from[-COUNTED:], dtype=np.int64)
        model = KneserNey.train(counted, self.unit.size, order)
        log_p = model.log_probabilities(np.asarray(self.held_out[:VALIDATED], dtype=np.int64))
        loss = -float(log_p.mean()) if log_p.size else 0.0
        return Baseline(f"Kneser-Ney, order {order}", f"nats per {name}", loss)

    def samples(self) -> list[Answered]:
        name = self.unit.name
        prompt = self.held_out[: PROMPTS[name]]
        prompt = prompt[: (np.flatnonzero(prompt[1:] == BOUNDARY) + 1).min(initial=len(prompt))]
        pieces = write(
            self.network,
            self.unit,
            np.append(BOUNDARY, prompt),
            length=LENGTHS[name],
            sampling=Sampling(TEMPERATURE),
            seed=0,
        )
        given = self.unit.decode(prompt)
        return [Answered(short(given), "".join(text for (text,) in pieces))]


@dataclass(frozen=True)
class ClassShow:
    """Held-out texts and the likeliest class of each."""

    network: ClassNetwork
    labels: Sequence[Any]
    classes: npt.NDArray[Any]  # (N,) of the texts to learn from
    texts: Sequence[str]  # held out
    examples: Examples  # the same, encoded
    wanted: npt.NDArray[Any]  # and their classes

    def baseline(self) -> Baseline | None:
        counts = np.bincount(self.classes, minlength=len(self.labels)) + 1.0
        loss = -float(np.log(counts / counts.sum())[self.wanted].mean())
        return Baseline("how often each class occurs", "nats per label", loss)

    def samples(self) -> list[Answered]:
        places = spread_places(len(self.texts)).tolist()
        chosen = Examples([self.examples.rows[place] for place in places], self.examples.forms)
        shares = torch.from_numpy(class_logits(self.network, chosen)).softmax(1).numpy()
        return [
            Answered(
                short(self.texts[place]),
                str(self.labels[share.argmax()]),
                str(self.labels[self.wanted[place]]),
                float(share.max()),
            )
            for place, share in zip(places, shares, strict=True)
        ]


@dataclass(frozen=True)
class TagShow:
    """Held-out sentences and their words' tags."""

    lesson: TagLesson
    vocabulary: TagVocabulary
    learned_from: TaggedSentences
    held_out: TaggedSentences

    def baseline(self) -> Baseline | None:
        frequent = MostFrequentTag().fit(self.learned_from.words, self.learned_from.tags)
        found = frequent.predict(self.held_out.words)
        plain = self.vocabulary.scheme == "plain"
        measure = "share of words tagged wrongly" if plain else "1 less span F1"
        loss = self.lesson.judge([self.vocabulary.encode(tags) for tags in found])
        return Baseline(frequent.name, measure, loss)

    def samples(self) -> list[TaggedWords]:
        valid, held_out = self.lesson.valid, self.held_out
        places = spread_places(len(valid)).tolist()
        chosen = Examples([valid.rows[place] for place in places], valid.forms)
        found = best_tags(self.lesson.network, chosen)
        return [
            TaggedWords(
                held_out.words[place][:PAST],
                self.vocabulary.decode(tags[:PAST]),
                held_out.tags[place][:PAST],
            )
            for place, tags in zip(places, found, strict=True)
        ]


@dataclass(frozen=True)
class RewriteShow:
    """Held-out sources and what they are rewritten to, greedily."""

    network: Rewriter
    limit: Limit
    target: Side
    learned_from: Examples  # targets
    sources: Sources  # held out
    targets: Examples  # and theirs
    texts: Sequence[str]  # what the sources are called
    wanted: Sequence[str]

    def baseline(self) -> Baseline | None:
        counts = np.bincount(
            np.concatenate(self.learned_from.rows), minlength=self.target.unit.size
        )
        log_p = np.log((counts + 1) / (counts + 1).sum())
        loss = -float(log_p[np.concatenate(self.targets.rows)].mean())
        smoothed = (1 - SMOOTHING) * loss - SMOOTHING * float(log_p.mean())
        name = "how often each symbol occurs"
        return Baseline(name, f"nats per {self.target.unit.name}, smoothed", smoothed)

    def samples(self) -> list[Answered]:
        places = spread_places(len(self.sources))
        chosen = _some(self.sources, places)
        step = stepper(self.network)
        found = written(self.network, chosen, self.limit, Search(beam=1), step)
        return [
            Answered(
                short(self.texts[place]),
                short(self.target.decode(best.symbols)),
                short(self.wanted[place]),
            )
            for place, (best, *_) in zip(places.tolist(), found, strict=True)
        ]


def _some(sources: Sources, places: npt.NDArray[np.int64]) -> Sources:
    if isinstance(sources, Vectors):
        return Vectors(sources.rows[torch.from_numpy(places)].numpy())
    assert isinstance(sources, Examples)
    return Examples([sources.rows[place] for place in places.tolist()], sources.forms)


@dataclass(frozen=True)
class ForecastShow:
    """The latest forecasts of what is held out, of a few series."""

    network: ForecastNetwork
    series: Series
    origins: Origins  # (M, 2) held out
    scale: Values

    def baseline(self) -> Baseline | None:
        told, values = self.network.forecasting, self.series.values
        naive = np.stack(
            [
                seasonal_naive(values[:step, each], told.season, told.horizon)
                for step, each in self.origins
            ]
        )
        came = values_after(values, self.origins, told.horizon)
        sure = torch.from_numpy(naive)[..., None].expand(*naive.shape, len(LEVELS))
        losses = pinball(sure, torch.from_numpy(came)).mean((1, 2)).numpy()
        loss = float((losses / self.scale[self.origins[:, 1]]).mean())
        return Baseline("the season before", "quantile loss in seasonal errors", loss)

    def samples(self) -> list[Foretold]:
        names, values = self.series.names, self.series.values
        chosen = [
            self.origins[self.origins[:, 1] == each][-1]
            for each in spread_places(len(names), shown=3).tolist()
        ]
        found = quantiles_at(self.network, values, np.stack(chosen))
        return [
            Foretold(
                names[each],
                values[max(0, step - PAST) : step, each].tolist(),
                came=values[step : step + len(quantiles), each].tolist(),
                **dict(zip(_ENDS, np.sort(quantiles).T.tolist(), strict=True)),
            )
            for (step, each), quantiles in zip(chosen, found, strict=True)
        ]


_ENDS = ("low_95", "low_80", "median", "high_80", "high_95")  # as LEVELS are
