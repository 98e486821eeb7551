"""Description: one in, many out.

Shapes: N vectors, D their width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import torch

from elman.data.cache import Cache
from elman.data.example_cache import cache_examples
from elman.explain.trace import Trace
from elman.tasks.description.inputs import DescribedVectors, described, split
from elman.tasks.estimator import TrainingData
from elman.tasks.seq2seq.config import RECIPES, Seq2SeqRecipe, Seq2SeqSettings
from elman.tasks.seq2seq.estimator import Seq2SeqModel
from elman.tasks.seq2seq.explain import explain_description
from elman.tasks.seq2seq.generation import (
    GeneratedText,
    ended,
    generate,
    generated_text,
    search_settings,
)
from elman.tasks.seq2seq.objective import Seq2SeqObjective
from elman.tasks.seq2seq.preview import Seq2SeqPreviews
from elman.tasks.seq2seq.text_codec import TextCodec, choose_tokenizer
from elman.text.vectors import check_width, checked_vectors
from elman.training.dataset import TokenDataset, VectorDataset
from elman.training.eval_mode import eval_mode
from elman.training.plan import Plan


class Describer(Seq2SeqSettings, Seq2SeqModel):
    """A recurrent network that writes a text from a vector of numbers.

    ::

        model = Describer(minutes=3).fit(vectors, descriptions)  # (N, D), and N texts
        model.predict(vectors[:1])  # ["seven"]
        model.save("describer.safetensors")

    The vector may be anything of a fixed width: an image's features, measurements, pixels. Its
    numbers are scaled within the model.

    Attributes, once fitted:
        network_: the `EncoderDecoder`; target_: the descriptions' `TextCodec`; limit_: how long
            they may become; n_features_in_: D.
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str] = "describe"
    pipeline_tag: ClassVar[str] = "image-to-text"
    _examples_name: ClassVar[str] = "descriptions"

    # Learning

    def fit(self, vectors: Any, descriptions: Sequence[str], *, valid: Any = None) -> Self:
        """Learn from vectors and descriptions until the budget is spent; see `training`.

        Args:
            vectors: (N, D) finite numbers.
            descriptions: N texts. Without `valid` a tenth, drawn at random, is held out.
            valid: others to choose the best weights by, as a pair.

        Raises:
            InputError: where the vectors are none, or do not go with the descriptions.
        """
        return self._fit(vectors, descriptions, valid=valid)

    _split = staticmethod(split)

    def _examples(self, *data: Any, progress: Any = None) -> DescribedVectors:  # noqa: ARG002
        return described(*data)

    def _held_out(self, valid: Any, train: Any, progress: Any) -> DescribedVectors:  # noqa: ARG002
        held_out = described(*valid)
        check_width(held_out.vectors, train.vectors.shape[1])
        return held_out

    def _keep(self, examples: DescribedVectors, cache: Cache) -> None:
        cache_examples(cache, examples.content, examples.texts, examples.vectors)

    def _learn_sides(self, settings: Seq2SeqSettings, train: DescribedVectors) -> None:
        tokenizer = (
            _choose_tokenizer(train.texts) if settings.tokenizer == "auto" else settings.tokenizer
        )
        self.target_ = TextCodec.learn(tokenizer, train.texts)

    def _datasets(self, examples: DescribedVectors) -> tuple[VectorDataset, TokenDataset]:
        return VectorDataset(examples.vectors), self.target_.examples(examples.texts)

    def _shown(self, examples: DescribedVectors) -> tuple[Sequence[str], Sequence[str]]:
        names = [f"vector {number:,}" for number in range(1, len(examples.texts) + 1)]
        return names, examples.texts

    @property
    def _recipe(self) -> Seq2SeqRecipe:
        return RECIPES["vector"]

    @property
    def _reading(self) -> tuple[str, str]:
        return "none", "vector"

    def _source_size(self, train: DescribedVectors) -> int:
        return int(train.vectors.shape[1])

    def _begin(
        self, settings: Seq2SeqSettings, data: TrainingData
    ) -> tuple[Seq2SeqObjective, Plan, Seq2SeqPreviews]:
        begun = super()._begin(settings, data)
        self.network_.fit_input_scaling(torch.from_numpy(data.train.vectors))
        return begun

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
            found = generate(self.network_, VectorDataset(rows), self.limit_, search, self._step)
        best = found[0][0]
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

    def _sides(self) -> dict[str, TextCodec]:
        return {"target": self.target_}

    def _take_sides(self, sides: dict[str, TextCodec]) -> None:
        self.target_ = sides["target"]

    def _facts(self) -> dict[str, Any]:
        side = self.target_.tokenizer
        return {"tokenizer": side.name, "vocabulary": side.size, "vector": self.n_features_in_}


def _choose_tokenizer(texts: Sequence[str]) -> str:
    """Subwords where a few descriptions come again and again: each is then a token or two."""
    again_and_again = 10 * len(set(texts)) <= len(texts)
    return "subword" if again_and_again else choose_tokenizer(texts)


MODEL = Describer
