"""What every estimator has in common: scikit-learn's habits, one training, one safe file."""

from __future__ import annotations

import dataclasses
import inspect
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import torch
from torch import Tensor, nn

from elman.bundle import Bundle, write_bundle
from elman.data.cache import Cache
from elman.errors import ModelFileError, NotFittedError, SettingError
from elman.nn.int8 import fake_quantize, packed
from elman.nn.lowering import Stepped
from elman.nn.native_step import WeightCache, step_of
from elman.tasks.settings import NetworkSettings
from elman.tasks.weights import load_network, record_of
from elman.text.progress import ProgressCallback
from elman.training.events import Event, Finished
from elman.training.objective import Objective
from elman.training.plan import Plan
from elman.training.previews import Preview
from elman.training.trainer import train
from elman.version import __version__


def _not_fitted_error() -> type[NotFittedError]:
    """The error that is scikit-learn's as well, as its own estimators and tools expect it."""
    from sklearn import exceptions

    return type("NotFittedError", (NotFittedError, exceptions.NotFittedError), {})


@dataclass(frozen=True)
class TrainingData:
    """What an estimator learns from, as its task prepared it.

    Args:
        train: to learn from; valid: to choose the best weights by.
        hashes: of their content by name, for the record and the checkpoint's identity.
        options: what else `fit` was given, by name.
    """

    train: Any
    valid: Any
    hashes: dict[str, Any]
    options: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """How one training is run; `arguments` are the keyword arguments of `train`.

    Args:
        identity: what a checkpoint must say to be this run's.
    """

    identity: dict[str, Any]
    checkpoint: Path | None
    checkpoint_seconds: float
    stop: Callable[[], bool]
    progress: ProgressCallback | None

    def with_identity(self, **more: Any) -> Run:
        """The same, of which a checkpoint must say more."""
        return dataclasses.replace(self, identity={**self.identity, **more})

    @property
    def arguments(self) -> dict[str, Any]:
        names = ("identity", "checkpoint", "checkpoint_seconds", "stop")
        return {name: getattr(self, name) for name in names}


class Model(NetworkSettings, ABC):
    """An estimator: `__init__` keeps its settings and does nothing else, `fit` returns self,
    what is learned ends in `_`, and `get_params`, `set_params` and `clone` work.

    Attributes, once fitted:
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str]

    # The name of its task on the Hugging Face hub; None if the hub has none.
    pipeline_tag: ClassVar[str | None] = None

    # What its network's architecture is called in a file.
    _architecture_name: ClassVar[str]

    network_: nn.Module
    record_: dict[str, Any]

    # The network whose weights were rounded: a later training makes another.
    _quantised: nn.Module | None = None

    _picture: WeightCache[Any] | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Complete the docstring: what each setting means stands before what is learned."""
        super().__init_subclass__(**options)
        if vars(cls).get("__doc__"):  # there is none where Python leaves docstrings out
            about, learned, rest = inspect.cleandoc(cls.__doc__ or "").partition("Attributes, once")
            cls.__doc__ = f"{about.rstrip()}\n\n{cls._settings_doc()}\n\n{learned}{rest}".rstrip()

    # What a task says of itself

    @abstractmethod
    def _prepare(self, settings: Any, *data: Any, **options: Any) -> TrainingData:
        """What `fit` was given, read and checked.

        Args:
            settings: those of this training.
            data: the positional arguments of `fit`.
            options: the named ones, and `cache` and `progress` as `training` has them.

        Raises:
            InputError: for what cannot be learned from.
        """

    def _begin(self, settings: Any, data: TrainingData) -> tuple[Objective, Plan, Preview | None]:
        """A new network and the first lines of its record, for a task with one objective."""
        raise NotImplementedError

    def _learn(self, settings: Any, data: TrainingData, run: Run) -> Iterator[Event]:
        """Train; when `Finished` comes, the model can answer. Here with one objective."""
        objective, plan, preview = self._begin(settings, data)
        yield from train(objective, plan, preview=preview, **run.arguments)

    def _outcome(self, event: Finished) -> dict[str, Any]:  # noqa: ARG002
        """What the validation came to, for the record, where the event says so."""
        return {}

    @abstractmethod
    def _architecture(self) -> Any:
        """What the network is built from, a dataclass."""

    @abstractmethod
    def _contents(self) -> dict[str, Any]:
        """What a file holds as plain data besides the settings, the architecture and the record."""

    def _tensors(self) -> dict[str, Tensor]:
        """What a file holds as tensors, by name."""
        return dict(self.network_.named_parameters())

    @abstractmethod
    def _restore(self, about: dict[str, Any]) -> Callable[[], nn.Module]:
        """Take over a file's plain data, once it is checked.

        Returns:
            What builds a module with the file's tensors.

        Raises:
            ModelFileError: where it is not as `_contents` has it; SettingError: not in range.
        """

    def _take(self, loaded: Any) -> None:
        """Take over the module with the file's weights.

        Raises:
            ModelFileError: where they cannot be those of such a model.
        """
        self.network_ = loaded

    @abstractmethod
    def _facts(self) -> dict[str, Any]:
        """What `describe` says besides what all models have."""

    # Settings

    def set_params(self, **settings: Any) -> Self:
        """Change settings by name.

        Raises:
            SettingError: for a name that is no setting.
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

    # Learning

    def training(
        self,
        *data: Any,
        cache: Cache | None = None,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 20.0,
        progress: ProgressCallback | None = None,
        stop: Callable[[], bool] = lambda: False,
        **options: Any,
    ) -> Iterator[Event]:
        """Train, yielding what happens as `elman.training.events.Event`s.

        Args:
            data, options: what to learn from, as `fit` takes it.
            cache: where the data is kept, for a baseline to learn from; nowhere if None (a
                language model then takes the user's own).
            checkpoint: a file from which an interrupted run goes on; see `train`.
            checkpoint_seconds: seconds between two writes of it.
            progress: called while data is read: with the step, what is done and what there is
                (bytes of files, characters of texts).
            stop: called before every step; True ends the run early and in order.

        Raises:
            SettingError: for a setting out of its range, before anything is read.
            InputError: for data that cannot be learned from.
            TrainingError, ResumeError, OutputError: as `train` has them.
            KeyboardInterrupt: where it is stopped before there is a model.
        """
        settings = self._settings_type()(**self._plain_settings()).check_settings()
        material = self._prepare(settings, *data, cache=cache, progress=progress, **options)
        identity = {**self._plain_settings(), **material.hashes}
        run = Run(identity, checkpoint, checkpoint_seconds, stop, progress)
        for event in self._learn(settings, material, run):
            if isinstance(event, Finished):
                self.record_ |= {
                    "steps": event.step,
                    "best_step": event.best_step,
                    "seconds": round(event.seconds, 3),
                    "tokens_read": event.tokens,
                    **self._outcome(event),
                }
            yield event

    def _fit(self, *data: Any, **options: Any) -> Self:
        """Itself, trained to the end; the arguments are those of `training`.

        Raises:
            KeyboardInterrupt: where the training was interrupted; the model is then as good as
                it was by then.
        """
        for event in self.training(*data, **options):
            if isinstance(event, Finished) and event.interrupted:
                raise KeyboardInterrupt
        return self

    def _begin_record(self, data: TrainingData, **facts: Any) -> None:
        """Write down what a new network learns from."""
        self.record_ = {**data.hashes, **facts, "parameters": self._count()}

    def _count(self) -> int:
        """Parameters of the network."""
        return sum(weight.numel() for weight in self.network_.parameters())

    def _check_fitted(self) -> None:
        if not any(name.endswith("_") and not name.startswith("_") for name in vars(self)):
            raise _not_fitted_error()(
                "it has learned nothing yet",
                location=type(self).__name__,
                hint="Call fit, or elman.load a trained model.",
            )

    # Answering

    @property
    def int8_(self) -> bool:
        """Whether the weights are of 8 bits."""
        return self._quantised is not None and self._quantised is self.network_

    def to_int8(self) -> Self:
        """Round the weights to 8 bits, in their place: each matrix row by row, to a scale of the
        row's own. What reads or writes token by token then also multiplies integers, where the
        native core is on.

        Raises:
            NotFittedError: before `fit`.
            ModelFileError: where a weight is not a number.
        """
        self._check_fitted()
        with torch.no_grad():
            for weight in self.network_.parameters():
                weight.copy_(fake_quantize(weight))
        self._quantised = self.network_
        return self

    @property
    def _step(self) -> Any:
        """How the network reads token by token, with its weights as they are now."""
        if self._picture is None or not self._picture.is_valid(self.network_):
            self._picture = WeightCache(self.network_, self._stepping())
        return self._picture.value

    def _stepping(self) -> Any:
        return step_of(cast("Stepped", self.network_), int8=self.int8_)

    # Keeping

    def save(self, path: str | os.PathLike[str], *, int8: bool = False) -> None:
        """Write the model as one safetensors file, whole or not at all.

        Args:
            path: the file.
            int8: with weights of 8 bits, in about a quarter of the room. The model itself stays
                as it is; one whose weights are of 8 bits is always written so.

        Raises:
            NotFittedError: before `fit`.
            OutputError: where the file cannot be written; what was there before stays.
            ModelFileError: where a weight is not a number, and 8 bits are asked for.
        """
        self._check_fitted()
        about = {
            "task": self.task,
            "settings": self._plain_settings(),
            "versions": {"elman": __version__, "torch": torch.__version__.partition("+")[0]},
            self._architecture_name: dataclasses.asdict(self._architecture()),
            **self._contents(),
            "training": self.record_,
        }
        tensors = self._tensors()
        if int8 or self.int8_:
            about, tensors = about | {"int8": True}, packed(tensors)
        write_bundle(path, about, tensors)

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """The model that `save` wrote.

        Raises:
            ModelFileError: where the file holds anything that such a model would not.
        """
        try:
            model = cls.from_json(bundle.about.get("settings"))
            build = model._restore(bundle.about)
        except (ModelFileError, SettingError) as error:
            bundle.refuse(str(error))
        model.record_ = record_of(bundle)
        loaded = load_network(bundle, build)
        try:
            model._take(loaded)
        except ModelFileError as error:
            bundle.refuse(str(error))
        return model

    def describe(self) -> dict[str, Any]:
        """What there is to know of a trained model, as plain data, for `elman info`."""
        self._check_fitted()
        return {
            "task": self.task,
            **self._facts(),
            "parameters": self._count(),
            "network": dataclasses.asdict(self._architecture()),
            "settings": self._plain_settings(),
            "training": self.record_,
        }

    def __getstate__(self) -> dict[str, Any]:
        """All but what is made anew when it is asked for, and cannot be copied."""
        return {name: value for name, value in vars(self).items() if name != "_picture"}

    def __repr__(self) -> str:
        changed = (
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value != self.__dataclass_fields__[name].default
        )
        return f"{type(self).__name__}({', '.join(changed)})"
