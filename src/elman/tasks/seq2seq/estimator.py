"""Base class of translators and describers."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from elman.bundle import Layout
from elman.nn.compiled.layouts import seq2seq_layout
from elman.nn.compiled.seq2seq import ArraySeq2Seq, seq2seq_of
from elman.nn.compiled.trained import TrainedNetwork
from elman.nn.config import Seq2SeqConfig
from elman.tasks.example_estimator import ExampleModel
from elman.tasks.run import TrainingData
from elman.tasks.seq2seq.config import EMA_DECAY, SMOOTHING, Seq2SeqRecipe, Seq2SeqSettings
from elman.tasks.seq2seq.generation import LengthLimit
from elman.tasks.seq2seq.serialization import checked_codecs, checked_limit, checked_seq2seq_config
from elman.tasks.seq2seq.text_codec import TextCodec
from elman.tasks.weights import Blueprint, Stored
from elman.training.events import Finished
from elman.training.plan import Plan

if TYPE_CHECKING:
    from elman.nn.seq2seq import EncoderDecoder
    from elman.tasks.seq2seq.objective import Seq2SeqObjective
    from elman.tasks.seq2seq.preview import Seq2SeqPreviews
    from elman.training.dataset import Dataset, TokenDataset


class Seq2SeqModel(ExampleModel):
    """An estimator that generates a text from a source."""

    _architecture_name: ClassVar[str] = "encoder_decoder"

    # Name of the number of examples in the training record.
    _examples_name: ClassVar[str]

    target_: TextCodec
    limit_: LengthLimit

    _counts_bytes = 0  # that the counts have in a model file, at most

    @abstractmethod
    def _learn_codecs(self, settings: Any, train: Any) -> None:
        """Learn the vocabularies of the training examples."""

    @abstractmethod
    def _set_codecs(self, codecs: dict[str, TextCodec]) -> None:
        """Set the vocabularies: "target", and "source" unless it is shared."""

    @abstractmethod
    def _datasets(self, examples: Any) -> tuple[Dataset, TokenDataset]:
        """Encode sources and targets."""

    @abstractmethod
    def _preview_texts(self, examples: Any) -> tuple[Sequence[str], Sequence[str]]:
        """Texts of sources and targets for previews."""

    @abstractmethod
    def _codecs(self) -> dict[str, TextCodec]:
        """The vocabularies, as for `_set_codecs`."""

    @property
    @abstractmethod
    def _recipe(self) -> Seq2SeqRecipe:
        """The recipe for this kind of source."""

    @property
    @abstractmethod
    def _encoder_kind(self) -> tuple[str, str]:
        """Attention and order of the `Seq2SeqConfig`."""

    @abstractmethod
    def _source_size(self, train: Any) -> int:
        """`source` of the `Seq2SeqConfig`."""

    def _begin(
        self, settings: Seq2SeqSettings, data: TrainingData
    ) -> tuple[Seq2SeqObjective, Plan, Seq2SeqPreviews]:
        from elman.tasks.file_size import Shape
        from elman.tasks.seq2seq.objective import Seq2SeqObjective
        from elman.tasks.seq2seq.preview import Seq2SeqPreviews

        self._learn_codecs(settings, data.train)
        (sources, targets), valid = self._datasets(data.train), self._datasets(data.valid)
        self.limit_ = LengthLimit.learn(sources, targets)
        recipe, source = self._recipe, self._source_size(data.train)
        self._counts_bytes = self._divide(
            Shape(settings),
            recipe.hidden_size,
            lambda shape: self._network_of(shape.settings, source),
            vocabulary=self._vocabularies(),
        ).counts
        self._begin_record(
            data,
            **{self._examples_name: len(targets)},
            source_tokens=int(sources.lengths.sum()),
            target_tokens=targets.tokens,
        )
        objective = Seq2SeqObjective(
            self.network_,
            sources,
            valid[0],
            targets=targets,
            valid_targets=valid[1],
            tokens=recipe.tokens,
            smoothing=SMOOTHING,
            seed=settings.seed,
        )
        max_steps = recipe.epochs * objective.sampler.steps_per_epoch
        plan = recipe.plan_of(settings, max_steps=max_steps, ema_decay=EMA_DECAY)
        preview = Seq2SeqPreviews(
            self.network_,
            self.limit_,
            self.target_,
            targets,
            valid[0].rows,
            valid[1],
            *self._preview_texts(data.valid),
        )
        return objective, plan, preview

    def _network_of(self, settings: Seq2SeqSettings, source: int) -> EncoderDecoder:
        from elman.nn.seq2seq import EncoderDecoder

        attention, order = self._encoder_kind
        blocks = self._recipe.stack_of(settings, self.target_.tokenizer.size, tied=True)
        config = Seq2SeqConfig(blocks, source, attention, order)
        return EncoderDecoder(config, self._recipe.dropout_of(settings))

    def _outcome(self, event: Finished) -> dict[str, Any]:
        return {"valid_loss": event.best_loss if math.isfinite(event.best_loss) else None}

    def _compile(self, trained: TrainedNetwork) -> ArraySeq2Seq:
        return seq2seq_of(trained, self._config)

    def _contents(self) -> dict[str, Any]:
        return {"vocabularies": self._vocabularies(), "limit": list(self.limit_)}

    def _vocabularies(self) -> dict[str, Any]:
        return {name: codec.tokenizer.to_json() for name, codec in self._codecs().items()}

    def _restore_beside(self, about: dict[str, Any], config: Seq2SeqConfig) -> Layout:  # noqa: ARG002
        """The arrays of a model file beside the weights of its network."""
        return {}

    def _restore(self, about: dict[str, Any]) -> Stored:
        codecs = checked_codecs(about.get("vocabularies"))
        self._set_codecs(codecs)
        known = (self.cell, *self._encoder_kind)
        config = checked_seq2seq_config(about.get("encoder_decoder"), known, codecs)
        self.limit_ = checked_limit(about.get("limit"))
        return Stored(
            Blueprint("elman.nn.seq2seq.EncoderDecoder", (config, self._recipe.dropout_of(self))),
            config.blocks,
            partial(seq2seq_layout, config),
            self._restore_beside(about, config),
        )
