"""Description: one in, many out.

Shapes: N vectors, D their width.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from torch import Tensor

from elman.bundle import Bundle
from elman.data.cache import Cache
from elman.data.example_cache import cache_examples
from elman.errors import InputError
from elman.explain.trace import Trace
from elman.nn.seq2seq import EncoderDecoder, Seq2SeqConfig
from elman.tasks.estimator import Model
from elman.tasks.inputs import as_texts, hashed, held_out
from elman.tasks.seq2seq.config import RECIPES, DescriberTrainingConfig
from elman.tasks.seq2seq.explain import explain_description
from elman.tasks.seq2seq.generation import (
    GeneratedText,
    LengthLimit,
    ended,
    generate,
    generated_text,
    learn,
    search_settings,
)
from elman.tasks.seq2seq.preview import Seq2SeqPreviews
from elman.tasks.seq2seq.serialization import contents, opened
from elman.tasks.seq2seq.text_codec import TextCodec, choose_tokenizer
from elman.text.vectors import check_width, checked_vectors
from elman.training.dataset import VectorDataset
from elman.training.eval_mode import eval_mode, seeded
from elman.training.events import Event


class Describer(Model):
    """A recurrent network that writes a text from a vector of numbers.

    ::

        model = Describer(minutes=3).fit(vectors, descriptions)  # (N, D), and N texts
        model.predict(vectors[:1])  # ["seven"]
        model.save("describer.safetensors")

    The vector may be anything of a fixed width: an image's features, measurements, pixels. Its
    numbers are scaled within the model.

    Args:
        tokenizer: of the descriptions, "subword" or "character"; "auto" chooses.
        cell: a name of `elman.cells.CELLS`.
        hidden_size: of the network's vectors; None chooses.
        layers: blocks, one above the other.
        dropout: share silenced in training, 0 to below 1; None chooses.
        minutes: of training, by the wall clock, validations included.
        steps: of training instead; the same weights every time on one machine.
        seed: of everything random.

    Attributes, once fitted:
        network_: the `EncoderDecoder`; target_: the descriptions' `TextCodec`; limit_: how long
            they may become; n_features_in_: D.
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str] = "describe"

    network_: EncoderDecoder
    target_: TextCodec
    limit_: LengthLimit
    record_: dict[str, Any]

    def __init__(
        self,
        *,
        tokenizer: str = "auto",
        cell: str = "mingru",
        hidden_size: int | None = None,
        layers: int = 2,
        dropout: float | None = None,
        minutes: float = 3.0,
        steps: int | None = None,
        seed: int = 0,
    ) -> None:
        self.tokenizer = tokenizer
        self.cell = cell
        self.hidden_size = hidden_size
        self.layers = layers
        self.dropout = dropout
        self.minutes = minutes
        self.steps = steps
        self.seed = seed

    # Learning

    def fit(self, vectors: Any, descriptions: Sequence[str], *, valid: Any = None) -> Self:
        """Read vectors and descriptions again and again until the budget is spent.

        An interrupt (Ctrl-C) leaves the model as good as it was by then, and is raised again.
        """
        return self._through(self.training(vectors, descriptions, valid=valid))

    def training(
        self,
        vectors: Any,
        descriptions: Sequence[str],
        *,
        valid: Any = None,
        cache: Cache | None = None,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 20.0,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Train, yielding what happens as `elman.training.events.Event`s.

        Args:
            vectors: (N, D) finite numbers; descriptions: N texts. Without `valid` a tenth of
                them, drawn at random, is held out.
            valid: others to choose the best weights by, as a pair.
            cache: where they are kept for a baseline to learn from; nowhere if None.
            checkpoint: a file from which an interrupted run goes on; see `train`.
            stop: asked before every step; True ends the run early and in order.

        Raises:
            SettingError: for a setting out of its range.
            InputError: where the vectors are none, or do not go with the descriptions.
            TrainingError, ResumeError, OutputError: as `train` has them.
        """
        settings = DescriberTrainingConfig(**self._plain_settings())
        given = described(vectors, descriptions)
        width = given[0].shape[1]
        parts = split(*given, settings.seed) if valid is None else [given, described(*valid)]
        check_width(parts[1][0], width)
        hashes = [content_of(*part) for part in parts]
        if cache is not None:
            for (its, descriptions), content in zip(parts, hashes, strict=True):
                cache_examples(cache, content, descriptions, its)
        texts = parts[0][1]
        tokenizer = _choose_tokenizer(texts) if settings.tokenizer == "auto" else settings.tokenizer
        self.target_ = TextCodec.learn(tokenizer, texts)
        pairs, others = ((VectorDataset(part), self.target_.examples(its)) for part, its in parts)
        self.limit_ = LengthLimit.learn(*pairs)
        recipe = RECIPES["vector"]
        rewriting = Seq2SeqConfig(
            settings.architecture(recipe, self.target_.tokenizer.size),
            source=width,
            attention="none",
            order="vector",
        )
        with seeded(settings.seed):
            self.network_ = EncoderDecoder(rewriting, settings.outer_dropout(recipe))
        self.network_.fit_input_scaling(pairs[0].rows)
        self.record_ = {
            "content": hashes[0],
            "valid": hashes[1],
            "descriptions": len(parts[0][1]),
            "target_tokens": pairs[1].tokens,
            "parameters": sum(p.numel() for p in self.network_.parameters()),
        }
        named = [f"vector {number:,}" for number in range(1, len(others[1]) + 1)]
        yield from learn(
            self.network_,
            settings,
            recipe,
            pairs,
            others,
            self.record_,
            preview=Seq2SeqPreviews(
                self.network_, self.limit_, self.target_, pairs[1], *others, named, parts[1][1]
            ),
            identity={**self._plain_settings(), "content": hashes[0], "valid": hashes[1]},
            checkpoint=checkpoint,
            checkpoint_seconds=checkpoint_seconds,
            stop=stop,
        )

    def keep_training(self, vectors: Any, descriptions: Sequence[str], cache: Cache) -> bool:
        """Keep what the model learned from, given once more, for a baseline to learn from.

        Returns:
            Whether it was that, all of it or with a tenth to be held out.
        """
        self._check_fitted()
        given = described(vectors, descriptions)
        for rows, texts in (given, split(*given, self.seed)[0]):
            content = content_of(rows, texts)
            if content == self.record_.get("content"):
                cache_examples(cache, content, texts, rows)
                return True
        return False

    @property
    def n_features_in_(self) -> int:
        """D, as scikit-learn calls it."""
        self._check_fitted()
        return self.network_.config.source

    # Describing

    def predict(self, vectors: Any, *, beam: int = 5) -> list[str]:
        """The best description of each vector.

        Args:
            vectors: (N, D).
            beam: descriptions that are followed at the same time; 1 is greedy.

        Raises:
            InputError: where they are no such vectors; SettingError: for a beam out of its range.
        """
        return [best[0].text for best in self.predict_best(vectors, count=1, beam=beam)]

    def predict_best(
        self, vectors: Any, count: int = 3, *, beam: int = 5
    ) -> list[list[GeneratedText]]:
        """The `count` best descriptions of each vector, the best first; fewer where fewer were
        found.

        Raises:
            InputError, SettingError: as `predict`, and for a count below 1 or above 100.
        """
        self._check_fitted()
        search = search_settings(self.target_, beam, count)
        rows = checked_vectors(vectors)
        check_width(rows, self.n_features_in_)
        found = generate(self.network_, VectorDataset(rows), self.limit_, search, self._step)
        return [[generated_text(each, self.target_) for each in best[:count]] for best in found]

    def explain(self, vector: Any, *, beam: int = 5) -> Trace:
        """What the network made of a vector (D,), and which numbers each token that it wrote
        rests on.

        Args:
            beam: as `predict` has it.

        Raises:
            InputError: where it is no such vector; SettingError: for a beam out of its range.
        """
        self._check_fitted()
        rows = checked_vectors([vector])
        check_width(rows, self.n_features_in_)
        search = search_settings(self.target_, beam, 1)
        with eval_mode(self.network_):
            best = generate(self.network_, VectorDataset(rows), self.limit_, search, self._step)[0][
                0
            ]
        return explain_description(self.network_, rows[0], ended(best), self.target_.tokenizer)

    def score(self, vectors: Any, descriptions: Sequence[str]) -> float:
        """chrF of what it writes, from 0 to 1, as `Translator.score` has it.

        Raises:
            InputError: where the vectors are none, or do not go with the descriptions.
        """
        from elman.metrics.generated_text import chrf

        rows, texts = described(vectors, descriptions)
        return chrf(self.predict(rows), texts).value / 100

    # Keeping

    def _contents(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        sides = {"target": self.target_}
        about = contents(self.network_, sides, self.limit_, self.record_)
        return about, dict(self.network_.named_parameters())

    def describe(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "task": self.task,
            "tokenizer": self.target_.tokenizer.name,
            "vocabulary": self.target_.tokenizer.size,
            "vector": self.n_features_in_,
            "parameters": sum(p.numel() for p in self.network_.parameters()),
            "network": dataclasses.asdict(self.network_.config),
            "settings": self._plain_settings(),
            "training": self.record_,
        }

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        file = opened(bundle, DescriberTrainingConfig)
        model = cls(**dataclasses.asdict(file.settings))
        model.network_, model.limit_, model.record_ = file.network, file.limit, file.record
        model.target_ = file.target
        return model


def described(vectors: Any, descriptions: Any) -> tuple[npt.NDArray[np.float32], list[str]]:
    """Vectors (N, D) and their N descriptions.

    Raises:
        InputError: where they are none, or do not go together.
    """
    rows = checked_vectors(vectors)
    texts = as_texts(descriptions, "descriptions")
    if len(rows) != len(texts):
        raise InputError(
            f"{len(rows):,} vectors, but {len(texts):,} descriptions",
            location="descriptions",
            hint="Give each vector one description.",
        )
    blank = next((number for number, text in enumerate(texts, 1) if not text.strip()), None)
    if blank is not None:
        raise InputError(
            f"number {blank} is empty", location="descriptions", hint="Write it, or leave it out."
        )
    return rows, [text.strip() for text in texts]


def _choose_tokenizer(texts: Sequence[str]) -> str:
    """Subwords where a few descriptions come again and again: each is then a token or two."""
    again_and_again = 10 * len(set(texts)) <= len(texts)
    return "subword" if again_and_again else choose_tokenizer(texts)


def content_of(rows: npt.NDArray[np.float32], texts: Sequence[str]) -> str:
    """sha256 in hex of vectors and descriptions."""
    return hashed([hashlib.sha256(rows.tobytes()).hexdigest(), list(rows.shape), *texts])


def split(
    rows: npt.NDArray[np.float32], texts: Sequence[str], seed: int
) -> list[tuple[npt.NDArray[np.float32], list[str]]]:
    """What to learn from, and what is held out."""
    held = held_out(range(len(texts)), seed)
    return [
        (rows[part], [text for text, its in zip(texts, part.tolist(), strict=True) if its])
        for part in (~held, held)
    ]
