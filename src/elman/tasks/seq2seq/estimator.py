"""What a translator and a describer have in common as estimators.

Shapes: N sources and targets.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from elman.nn.seq2seq import EncoderDecoder, Seq2SeqConfig
from elman.tasks.estimator import TrainingData
from elman.tasks.example_estimator import ExampleModel
from elman.tasks.seq2seq.config import EMA_DECAY, SMOOTHING, Seq2SeqRecipe, Seq2SeqSettings
from elman.tasks.seq2seq.generation import LengthLimit
from elman.tasks.seq2seq.objective import Seq2SeqObjective
from elman.tasks.seq2seq.preview import Seq2SeqPreviews
from elman.tasks.seq2seq.serialization import checked_limit, checked_rewriting, checked_sides
from elman.tasks.seq2seq.text_codec import TextCodec
from elman.training.dataset import Dataset, TokenDataset
from elman.training.eval_mode import seeded
from elman.training.events import Finished
from elman.training.plan import Plan


class Seq2SeqModel(ExampleModel):
    """An estimator that writes a text from a source."""

    _architecture_name: ClassVar[str] = "rewriter"

    # What its examples are called in its record.
    _examples_name: ClassVar[str]

    network_: EncoderDecoder
    target_: TextCodec
    limit_: LengthLimit

    @abstractmethod
    def _learn_sides(self, settings: Any, train: Any) -> None:
        """The vocabularies of these examples."""

    @abstractmethod
    def _take_sides(self, sides: dict[str, TextCodec]) -> None:
        """The vocabularies of a file: "target", and "source" where it has its own."""

    @abstractmethod
    def _datasets(self, examples: Any) -> tuple[Dataset, TokenDataset]:
        """The sources and the targets of some examples, as the network reads them."""

    @abstractmethod
    def _shown(self, examples: Any) -> tuple[Sequence[str], Sequence[str]]:
        """What stands for each source, and its target, in previews."""

    @abstractmethod
    def _sides(self) -> dict[str, TextCodec]:
        """The vocabularies as `_take_sides` has them."""

    @property
    @abstractmethod
    def _recipe(self) -> Seq2SeqRecipe:
        """By what the source is."""

    @property
    @abstractmethod
    def _reading(self) -> tuple[str, str]:
        """How the source is read: `Seq2SeqConfig`'s attention and order."""

    @abstractmethod
    def _source_size(self, train: Any) -> int:
        """`Seq2SeqConfig.source`."""

    def _begin(
        self, settings: Seq2SeqSettings, data: TrainingData
    ) -> tuple[Seq2SeqObjective, Plan, Seq2SeqPreviews]:
        self._learn_sides(settings, data.train)
        (sources, targets), valid = self._datasets(data.train), self._datasets(data.valid)
        self.limit_ = LengthLimit.learn(sources, targets)
        recipe, (attention, order) = self._recipe, self._reading
        blocks = recipe.stack_of(settings, self.target_.tokenizer.size, tied=True)
        config = Seq2SeqConfig(blocks, self._source_size(data.train), attention, order)
        with seeded(settings.seed):
            self.network_ = EncoderDecoder(config, recipe.dropout_of(settings))
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
        max_steps = recipe.passes * objective.sampler.steps_per_epoch
        plan = recipe.plan_of(settings, max_steps=max_steps, ema_decay=EMA_DECAY)
        preview = Seq2SeqPreviews(
            self.network_, self.limit_, self.target_, targets, *valid, *self._shown(data.valid)
        )
        return objective, plan, preview

    def _outcome(self, event: Finished) -> dict[str, Any]:
        return {"valid_loss": event.best_loss if math.isfinite(event.best_loss) else None}

    def _architecture(self) -> Seq2SeqConfig:
        return self.network_.config

    def _contents(self) -> dict[str, Any]:
        vocabularies = {name: side.tokenizer.to_json() for name, side in self._sides().items()}
        return {"vocabularies": vocabularies, "limit": list(self.limit_)}

    def _restore(self, about: dict[str, Any]) -> Callable[[], EncoderDecoder]:
        sides = checked_sides(about.get("vocabularies"))
        self._take_sides(sides)
        known = (self.cell, *self._reading)
        config = checked_rewriting(about.get("rewriter"), known, sides)
        self.limit_ = checked_limit(about.get("limit"))
        return lambda: EncoderDecoder(config, self._recipe.dropout_of(self))
