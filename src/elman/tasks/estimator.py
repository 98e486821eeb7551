"""The base class of the estimators: settings, training, model files."""

from __future__ import annotations

import inspect
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from elman.bundle import serialised
from elman.data.cache import Cache
from elman.errors import SettingError
from elman.ranges import bytes_of
from elman.tasks.notebook import as_html
from elman.tasks.run import Run, TrainingData
from elman.tasks.trained_model import TrainedModel
from elman.text.progress import ProgressCallback
from elman.training.events import Event, Finished
from elman.training.plan import Plan
from elman.training.previews import Preview

if TYPE_CHECKING:
    from torch import nn

    from elman.tasks.file_size import Division, Shape
    from elman.training.objective import Objective


class Model(TrainedModel):
    """An estimator with scikit-learn's conventions: `__init__` only stores the settings, `fit`
    returns self, learned attributes end in `_`, and `get_params`, `set_params` and `clone` work.

    Attributes, once fitted:
        record_: how it was trained, as plain data; saved with the model.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Insert the meaning of each setting into the docstring, before the attributes."""
        super().__init_subclass__(**options)
        if vars(cls).get("__doc__"):  # there is none where Python leaves docstrings out
            about, learned, rest = inspect.cleandoc(cls.__doc__ or "").partition("Attributes, once")
            cls.__doc__ = f"{about.rstrip()}\n\n{cls._settings_doc()}\n\n{learned}{rest}".rstrip()

    # To be defined by each task

    @abstractmethod
    def _prepare(self, settings: Any, *data: Any, **options: Any) -> TrainingData:
        """Read and check the arguments of `fit`.

        Args:
            settings: of this training.
            data: the positional arguments of `fit`.
            options: its keyword arguments, and `cache` and `progress` of `training`.

        Raises:
            InputError: the data cannot be used.
        """

    def _begin(self, settings: Any, data: TrainingData) -> tuple[Objective, Plan, Preview | None]:
        """Create the network and begin its record, for a task with one objective."""
        raise NotImplementedError

    def _learn(self, settings: Any, data: TrainingData, run: Run) -> Iterator[Event]:
        """Train on one objective. When `Finished` is yielded, the model can predict."""
        from elman.training.trainer import train

        objective, plan, preview = self._begin(settings, data)
        yield from train(objective, run.rest_of(plan), preview=preview, **run.arguments)

    def _outcome(self, event: Finished) -> dict[str, Any]:  # noqa: ARG002
        """The result of the validation, for the record."""
        return {}

    # Settings

    def set_params(self, **settings: Any) -> Self:
        """Change settings by name.

        Raises:
            SettingError: there is no such setting.
        """
        names = self.get_params()
        for name, value in settings.items():
            if name not in names:
                raise SettingError(
                    f"{type(self).__name__} has no such setting",
                    location=name,
                    hint=f"It has {', '.join(names)}.",
                )
            setattr(self, name, value)
        return self

    # Training

    def training(
        self,
        *data: Any,
        cache: Cache | None = None,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 20.0,
        progress: ProgressCallback | None = None,
        stop: Callable[[], bool] = lambda: False,
        scoring: float = 0.0,
        **options: Any,
    ) -> Iterator[Event]:
        """Train step by step.

        Args:
            data, options: the arguments of `fit`.
            cache: stores the data, so that a baseline can be fitted later; None stores nothing (a
                language model then uses the user's cache).
            checkpoint: the file for the state of an unfinished training, from which it continues;
                None writes none.
            checkpoint_seconds: seconds between two checkpoints (default 20).
            progress: called while data is read, with the name of the step, what is done and the
                total, in bytes of files or characters of texts.
            stop: called before each step; True ends the training early.
            scoring: fraction of the minutes to leave for what follows, 0 to below 1 (default 0).

        Yields:
            The events of the training.

        Raises:
            SettingError: a setting is out of range; nothing has been read yet.
            InputError: the data cannot be used.
            TrainingError, ResumeError, OutputError: see `train`.
            KeyboardInterrupt: the training was stopped before there was a model.
        """
        from elman.tasks.file_size import SCORES

        begun = time.monotonic()
        settings = self._settings_type().from_json(self._plain_settings())
        prepared = self._prepare(settings, *data, cache=cache, progress=progress, **options)
        identity = {**self._plain_settings(), **prepared.hashes}
        seconds = 60 * settings.minutes * (1 - scoring)
        deadline = None if settings.steps is not None else begun + seconds
        run = Run(identity, checkpoint, checkpoint_seconds, stop, progress, deadline)
        for event in self._learn(settings, prepared, run):
            if isinstance(event, Finished):
                self.record_ |= {
                    "steps": event.step,
                    "best_step": event.best_step,
                    "seconds": round(event.seconds, 3),
                    "tokens_read": event.tokens,
                    **self._outcome(event),
                }
                most = None if settings.size is None else bytes_of(settings.size)
                if most is not None and len(serialised(*self._file())) + SCORES > most:
                    self.to_int8()
            yield event

    def _fit(self, *data: Any, **options: Any) -> Self:
        """Train to the end; the arguments are those of `training`.

        Raises:
            KeyboardInterrupt: the training was interrupted; the model has its best weights so far.
        """
        for event in self.training(*data, **options):
            if isinstance(event, Finished) and event.interrupted:
                raise KeyboardInterrupt
        return self

    def _begin_record(self, data: TrainingData, **facts: Any) -> None:
        """Begin the record of a new network with facts about its training data."""
        self.record_ = {**data.hashes, **facts, "parameters": self._count()}

    def _divide(
        self,
        shape: Shape[Any],
        hidden_size: int,
        build: Callable[[Shape[Any]], nn.Module],
        *,
        vocabulary: Any,
        others: int = 0,
    ) -> Division[Any]:
        """Create the network of a model, as large as the size of its file allows.

        Args:
            shape, hidden_size, build, vocabulary, others: those of `divided`.

        Raises:
            SettingError: the size is too small.
        """
        from elman.tasks.file_size import built_network, divided

        division = divided(shape, hidden_size, build, vocabulary=vocabulary, others=others)
        self.network_ = built_network(build, division.shape)
        return division

    def _repr_html_(self) -> str:
        """The settings that differ from the defaults, and what was learned, for a notebook."""
        if self._is_fitted():
            facts = {name: its for name, its in self.describe().items() if name != "settings"}
            return as_html(repr(self), facts)
        return as_html(f"{self!r}, not fitted", self.get_params())

    def __repr__(self) -> str:
        changed = (
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value != self.__dataclass_fields__[name].default
        )
        return f"{type(self).__name__}({', '.join(changed)})"
