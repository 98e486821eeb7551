"""The base class of the estimators: settings, training, model files."""

from __future__ import annotations

import dataclasses
import inspect
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import torch
from torch import nn

from elman.bundle import Array, Bundle, serialised, write_bundle
from elman.data.cache import Cache
from elman.errors import ModelFileError, NotFittedError, SettingError
from elman.nn.int8 import fake_quantize, packed
from elman.nn.lowering import Stepped
from elman.nn.native_step import WeightCache, step_of
from elman.ranges import bytes_of
from elman.tasks.file_size import SCORES, Division, Shape, built_network, divided
from elman.tasks.notebook import as_html
from elman.tasks.run import Run, TrainingData
from elman.tasks.settings import NetworkSettings
from elman.tasks.weights import Stored, load_network, record_of, weights_of
from elman.text.progress import ProgressCallback
from elman.training.events import Event, Finished
from elman.training.objective import Objective
from elman.training.plan import Plan
from elman.training.previews import Preview
from elman.training.trainer import train
from elman.version import __version__


def _not_fitted_error() -> type[NotFittedError]:
    """An error that scikit-learn's tools recognise too."""
    from sklearn import exceptions

    return type("NotFittedError", (NotFittedError, exceptions.NotFittedError), {})


class Model(NetworkSettings, ABC):
    """An estimator with scikit-learn's conventions: `__init__` only stores the settings, `fit`
    returns self, learned attributes end in `_`, and `get_params`, `set_params` and `clone` work.

    Attributes, once fitted:
        record_: how it was trained, as plain data; saved with the model.
    """

    task: ClassVar[str]

    # The name of its task on the Hugging Face hub; None if the hub has none.
    pipeline_tag: ClassVar[str | None] = None

    # The key of the network's architecture in a model file.
    _architecture_name: ClassVar[str]

    network_: nn.Module
    record_: dict[str, Any]

    # The network whose weights were rounded to int8; a later training creates another.
    _quantised: nn.Module | None = None

    _compiled: WeightCache[Any] | None = None

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
        objective, plan, preview = self._begin(settings, data)
        yield from train(objective, run.rest_of(plan), preview=preview, **run.arguments)

    def _outcome(self, event: Finished) -> dict[str, Any]:  # noqa: ARG002
        """The result of the validation, for the record."""
        return {}

    @abstractmethod
    def _architecture(self) -> Any:
        """The configuration of the network, a dataclass."""

    @abstractmethod
    def _contents(self) -> dict[str, Any]:
        """The plain data of a model file besides settings, architecture and record."""

    def _arrays(self) -> dict[str, Array]:
        """The arrays of a model file, by name."""
        return weights_of(self.network_)

    @abstractmethod
    def _restore(self, about: dict[str, Any]) -> Stored:
        """Check the plain data of a model file and store it.

        Returns:
            What the arrays of the file must be.

        Raises:
            ModelFileError: the data is not what `_contents` returns.
            SettingError: a value is out of range.
        """

    def _take(self, network: Any, beside: dict[str, Array], about: dict[str, Any]) -> None:  # noqa: ARG002
        """Store the network of a model file.

        Args:
            network: with the weights of the file.
            beside: the arrays beside them.
            about: the plain data, which `_restore` has checked.

        Raises:
            ModelFileError: the arrays cannot belong to such a model.
        """
        self.network_ = network

    @abstractmethod
    def _facts(self) -> dict[str, Any]:
        """The part of `describe` that only this task has."""

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
        division = divided(shape, hidden_size, build, vocabulary=vocabulary, others=others)
        self.network_ = built_network(build, division.shape)
        return division

    def _count(self) -> int:
        """The number of parameters of the network."""
        return sum(weight.numel() for weight in self.network_.parameters())

    def _is_fitted(self) -> bool:
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def _check_fitted(self) -> None:
        if not self._is_fitted():
            raise _not_fitted_error()(
                "it has learned nothing yet",
                location=type(self).__name__,
                hint="Call fit, or elman.load a trained model.",
            )

    # Predicting

    @property
    def int8_(self) -> bool:
        """Whether the weights are rounded to int8."""
        return self._quantised is not None and self._quantised is self.network_

    def to_int8(self) -> Self:
        """Round the weights to int8 in place, with one scale for each row of a matrix. With the
        native core, reading and generating token by token then uses int8 products.

        Raises:
            NotFittedError: before `fit`.
            ModelFileError: a weight is not finite.
        """
        self._check_fitted()
        with torch.no_grad():
            for weight in self.network_.parameters():
                weight.copy_(torch.from_numpy(fake_quantize(weight.numpy(force=True))))
        self._quantised = self.network_
        return self

    @property
    def _step(self) -> Any:
        """The step of the network with its current weights."""
        if self._compiled is None or not self._compiled.is_valid(self.network_):
            self._compiled = WeightCache(self.network_, self._compile_step())
        return self._compiled.value

    def _compile_step(self) -> Any:
        return step_of(cast("Stepped", self.network_), int8=self.int8_)

    # Model files

    def save(self, path: str | os.PathLike[str], *, int8: bool = False) -> None:
        """Write the model as one safetensors file, whole or not at all.

        Args:
            path: the file.
            int8: whether to write int8 weights, about a quarter of the size (default: no). The
                model itself does not change. An int8 model is always written so.

        Raises:
            NotFittedError: before `fit`.
            OutputError: the file cannot be written; an older file is kept.
            ModelFileError: a weight is not finite, and int8 weights are requested.
        """
        self._check_fitted()
        write_bundle(path, *self._file(int8=int8 or self.int8_))

    def _file(self, *, int8: bool = False) -> tuple[dict[str, Any], dict[str, Array]]:
        """The plain data and the arrays of a model file."""
        about = {
            "task": self.task,
            "settings": self._plain_settings(),
            "versions": {"elman": __version__, "torch": torch.__version__.partition("+")[0]},
            self._architecture_name: dataclasses.asdict(self._architecture()),
            **self._contents(),
            "training": self.record_,
        }
        arrays = self._arrays()
        return (about | {"int8": True}, packed(arrays)) if int8 else (about, arrays)

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Load a model that `save` wrote.

        Raises:
            ModelFileError: the file is not valid for such a model.
        """
        try:
            model = cls.from_json(bundle.about.get("settings"))
            stored = model._restore(bundle.about)
        except (ModelFileError, SettingError) as error:
            bundle.refuse(str(error))
        model.record_ = record_of(bundle)
        network, beside = load_network(bundle, stored)
        try:
            model._take(network, beside, bundle.about)
        except ModelFileError as error:
            bundle.refuse(str(error))
        return model

    def describe(self) -> dict[str, Any]:
        """Describe the trained model as plain data, for `elman info`."""
        self._check_fitted()
        return {
            "task": self.task,
            **self._facts(),
            **self._counts_share(),
            "parameters": self._count(),
            "network": dataclasses.asdict(self._architecture()),
            "settings": self._plain_settings(),
            "training": self.record_,
        }

    def _counts_share(self) -> dict[str, float]:
        """The share of the counts in the arrays of a model file, 0 to 1; empty without counts."""
        arrays = packed(self._arrays()) if self.int8_ else self._arrays()
        sizes = {name: array.nbytes for name, array in arrays.items()}
        counted = sum(
            size for name, size in sizes.items() if name.startswith(("counts.", "network.counts."))
        )
        share = round(counted / sum(sizes.values()), 3)
        return {"counts' share of the file": share} if counted else {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the compiled step: it cannot be copied, and is compiled again on demand."""
        return {name: value for name, value in vars(self).items() if name != "_compiled"}

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
