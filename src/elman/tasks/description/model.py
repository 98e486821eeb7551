"""Description: from a vector to a text.

Shapes: N vectors, D vector size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from elman.bundle import Array, Layout
from elman.data.cache import Cache
from elman.data.example_cache import cache_examples
from elman.nn.config import Seq2SeqConfig
from elman.tasks.description import counts
from elman.tasks.description.inputs import DescribedVectors, described, split
from elman.tasks.description.mixing import Floats, NearestDescriptions
from elman.tasks.run import Run, TrainingData
from elman.tasks.seq2seq.config import (
    RECIPES,
    DescriberSettings,
    Seq2SeqRecipe,
    Seq2SeqSettings,
)
from elman.tasks.seq2seq.estimator import Seq2SeqModel
from elman.tasks.seq2seq.generation import (
    GeneratedText,
    generate,
    generated_text,
    search_settings,
    with_end,
)
from elman.tasks.seq2seq.text_codec import TextCodec, choose_tokenizer
from elman.text.vectors import check_width, checked_vectors
from elman.training.events import Event, Finished
from elman.training.plan import Plan

if TYPE_CHECKING:
    from elman.decoding.beam import Hypothesis
    from elman.explain.trace import Trace
    from elman.tasks.seq2seq.objective import Seq2SeqObjective
    from elman.tasks.seq2seq.preview import Seq2SeqPreviews
    from elman.training.dataset import TokenDataset, VectorDataset


class Describer(DescriberSettings, Seq2SeqModel):
    """A recurrent decoder that generates a text from a vector.

    ::

        model = Describer(minutes=3).fit(vectors, descriptions)  # (N, D), and N texts
        model.predict(vectors[:1])  # ["seven"]
        model.save("describer.safetensors")

    Vectors may be image features, measurements, pixels or the like. The model standardises them.

    Attributes, after fitting:
        network_: the `EncoderDecoder`.
        target_: the `TextCodec` of the descriptions.
        limit_: their maximum length.
        nearest_: the nearest training vectors beside the network; None without counts.
        n_features_in_: D.
        record_: how it was trained, as plain data; saved with the model.
    """

    task: ClassVar[str] = "describe"
    pipeline_tag: ClassVar[str] = "image-to-text"
    _examples_name: ClassVar[str] = "descriptions"

    nearest_: NearestDescriptions | None = None

    # Learning

    def fit(self, vectors: Any, descriptions: Sequence[str], *, valid: Any = None) -> Self:
        """Train on vectors and descriptions until the budget is spent; see `training`.

        Args:
            vectors: (N, D) finite numbers.
            descriptions: (N,) texts.
            valid: vectors and descriptions of the validation set; default: a random tenth.

        Raises:
            InputError: vectors or descriptions are invalid, or their numbers differ.
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

    def _learn_codecs(self, settings: Seq2SeqSettings, train: DescribedVectors) -> None:
        tokenizer = (
            _choose_tokenizer(train.texts) if settings.tokenizer == "auto" else settings.tokenizer
        )
        self.target_ = TextCodec.learn(tokenizer, train.texts)

    def _datasets(self, examples: DescribedVectors) -> tuple[VectorDataset, TokenDataset]:
        from elman.training.dataset import VectorDataset

        return VectorDataset(examples.vectors), self.target_.examples(examples.texts)

    def _preview_texts(self, examples: DescribedVectors) -> tuple[Sequence[str], Sequence[str]]:
        names = [f"vector {number:,}" for number in range(1, len(examples.texts) + 1)]
        return names, examples.texts

    @property
    def _recipe(self) -> Seq2SeqRecipe:
        return RECIPES["vector"]

    @property
    def _encoder_kind(self) -> tuple[str, str]:
        return "none", "vector"

    def _source_size(self, train: DescribedVectors) -> int:
        return int(train.vectors.shape[1])

    def _begin(
        self, settings: Seq2SeqSettings, data: TrainingData
    ) -> tuple[Seq2SeqObjective, Plan, Seq2SeqPreviews]:
        import torch

        parts = super()._begin(settings, data)
        self.network_.fit_input_scaling(torch.from_numpy(data.train.vectors))
        return parts

    def _learn(self, settings: DescriberSettings, data: TrainingData, run: Run) -> Iterator[Event]:
        """Store the training vectors, train the network, and fit the gate between both."""
        from elman.training.eval_mode import eval_mode
        from elman.training.trainer import train

        objective, plan, preview = self._begin(settings, data)
        self.nearest_, memory = None, None
        if settings.has_counts:
            if run.progress is not None:
                run.progress("comparing vectors", 0, 1)
            codec, most = self.target_, self._counts_bytes
            memory = counts.remember(data.train, codec, most, settings.seed)
        for event in train(objective, run.rest_of(plan), preview=preview, **run.arguments):
            if isinstance(event, Finished) and memory is not None:
                with eval_mode(self.network_):
                    parts = self._inference, data.valid, self.target_, self.limit_
                    self.nearest_ = counts.joined(memory, *parts)
            yield event

    @property
    def n_features_in_(self) -> int:
        """D, under the name that scikit-learn uses."""
        self._check_fitted()
        return int(self._config.source)

    # Describing

    def predict(self, vectors: Any, *, beam: int = 5) -> list[str]:
        """The best description of each vector.

        Args:
            vectors: (N, D).
            beam: hypotheses kept at each step, 1 to 100; 1 is greedy.

        Raises:
            InputError: vectors are invalid, or of another size.
            SettingError: the beam is out of range.
        """
        return [best[0].text for best in self.predict_best(vectors, count=1, beam=beam)]

    def predict_best(
        self, vectors: Any, count: int = 3, *, beam: int = 5
    ) -> list[list[GeneratedText]]:
        """The best descriptions of each vector, best first.

        Args:
            vectors: (N, D).
            count: most descriptions of each vector, 1 to 100.
            beam: as in `predict`, but at least `count`.

        Raises:
            InputError, SettingError: as in `predict`; the count is out of range.
        """
        found = self._found(self._checked(vectors), beam, count)
        return [[generated_text(each, self.target_) for each in best[:count]] for best in found]

    def predict_by_parts(self, vectors: Any, *, beam: int = 5) -> dict[str, list[str]]:
        """The best description of each vector by `both` parts, and if there are counts by the
        `network` alone and by the `counts` alone.

        Args:
            vectors, beam: as in `predict`.

        Raises:
            InputError, SettingError: as in `predict`.
        """
        rows = self._checked(vectors)
        alone = self._generated(rows, beam, 1)
        answers = {"both": self._mixed(rows, alone), "network": alone}
        found = {
            name: [self.target_.decode(best[0].tokens) for best in answer]
            for name, answer in answers.items()
        }
        if self.nearest_ is None:
            return {"both": found["both"]}
        nearest = self.nearest_.best(rows)
        return found | {"counts": [self.target_.decode(each[:-1]) for each in nearest]}

    def _checked(self, vectors: Any) -> Floats:
        self._check_fitted()
        rows = checked_vectors(vectors)
        check_width(rows, self.n_features_in_)
        return rows

    def _generated(self, rows: Floats, beam: int, count: int) -> list[list[Hypothesis]]:
        """The best descriptions of vectors (N, D) by the network alone."""
        search = search_settings(self.target_, beam, count)
        return generate(self._inference, rows, self.limit_, search)

    def _mixed(self, rows: Floats, found: list[list[Hypothesis]]) -> list[list[Hypothesis]]:
        """The best descriptions by both parts, from those of the network."""
        return found if self.nearest_ is None else self.nearest_.mixed(self._inference, rows, found)

    def _found(self, rows: Floats, beam: int, count: int) -> list[list[Hypothesis]]:
        """The best descriptions of vectors (N, D)."""
        return self._mixed(rows, self._generated(rows, beam, count))

    def explain(self, vector: Any, *, beam: int = 5) -> Trace:
        """The activations of the network over the best description of a vector, the attributions
        of each token, and what each part says of it.

        Args:
            vector: (D,).
            beam: as in `predict`.

        Raises:
            InputError, SettingError: as in `predict`.
        """
        from elman.tasks.seq2seq.explain import explain_description
        from elman.training.eval_mode import eval_mode

        rows = self._checked([vector])
        with eval_mode(self.network_):
            best = with_end(self._found(rows, beam, 1)[0][0])
        vocabulary, nearest = self.target_.tokenizer, self.nearest_
        beside = None
        if nearest is not None:
            beside = nearest.continuations(rows[0], best, vocabulary.size)
        return explain_description(self.network_, rows[0], best, vocabulary, beside)

    def score(self, vectors: Any, descriptions: Sequence[str]) -> float:
        """chrF of `predict`, 0 to 1, as `Translator.score`.

        Raises:
            InputError: as in `fit`.
        """
        from elman.metrics.generated_text import chrf

        rows, texts = described(vectors, descriptions)
        return chrf(self.predict(rows), texts).value / 100

    # Saving

    def _codecs(self) -> dict[str, TextCodec]:
        return {"target": self.target_}

    def _set_codecs(self, codecs: dict[str, TextCodec]) -> None:
        self.target_ = codecs["target"]

    def _contents(self) -> dict[str, Any]:
        stored = None if self.nearest_ is None else counts.contents(self.nearest_)
        return {**super()._contents(), "counts": stored}

    def _arrays(self) -> dict[str, Array]:
        more = {} if self.nearest_ is None else counts.arrays(self.nearest_)
        return {**super()._arrays(), **more}

    def _restore_beside(self, about: dict[str, Any], config: Seq2SeqConfig) -> Layout:
        return counts.layout(about.get("counts"), config)

    def _take(self, beside: dict[str, Array], about: dict[str, Any]) -> None:
        self.nearest_ = counts.restored(about.get("counts"), beside, self._config)

    def _facts(self) -> dict[str, Any]:
        vocabulary = self.target_.tokenizer
        size = self.n_features_in_
        facts = {"tokenizer": vocabulary.name, "vocabulary": vocabulary.size, "vector": size}
        stored = (
            {} if self.nearest_ is None else {"stored vectors": len(self.nearest_.nearest.rows)}
        )
        return {**facts, **stored}


def _choose_tokenizer(texts: Sequence[str]) -> str:
    """Subwords if a few descriptions recur: each is then a token or two."""
    many_repeats = 10 * len(set(texts)) <= len(texts)
    return "subword" if many_repeats else choose_tokenizer(texts)


MODEL = Describer
