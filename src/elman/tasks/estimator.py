"""What every model has in common: scikit-learn's habits, and one safe file."""

from __future__ import annotations

import inspect
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Self, cast

import torch
from torch import Tensor, nn

from elman.bundle import Bundle, write_bundle
from elman.errors import NotFittedError, SettingError
from elman.nn.int8 import fake_quantize, packed
from elman.nn.lowering import Stepped
from elman.nn.native_step import WeightCache, step_of
from elman.training.events import Event, Finished
from elman.version import __version__


def _not_fitted_error() -> type[NotFittedError]:
    """The error that is scikit-learn's as well, as its own estimators and tools expect it."""
    from sklearn import exceptions

    return type("NotFittedError", (NotFittedError, exceptions.NotFittedError), {})


class Model(ABC):
    """An estimator: `__init__` keeps its settings and does nothing else, `fit` returns self,
    what is learned ends in `_`, and `get_params`, `set_params` and `clone` work."""

    task: ClassVar[str]

    network_: nn.Module

    # The network whose weights were rounded: a later training makes another.
    _quantised: nn.Module | None = None

    _picture: WeightCache[Any] | None = None

    @abstractmethod
    def _contents(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """What a file must hold besides the settings: plain data, and tensors by name."""

    @classmethod
    @abstractmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """The model that `save` wrote.

        Raises:
            ModelFileError: where the file holds anything that such a model would not.
        """

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """The settings by name (`deep` is scikit-learn's; there is nothing deeper)."""
        return {name: getattr(self, name) for name in self._setting_names()}

    def set_params(self, **settings: Any) -> Self:
        """Change settings by name.

        Raises:
            SettingError: for a name that is no setting.
        """
        names = self._setting_names()
        for name, value in settings.items():
            if name not in names:
                raise SettingError(
                    f"{type(self).__name__} has no such setting",
                    location=name,
                    hint=f"It has {', '.join(names)}.",
                )
            setattr(self, name, value)
        return self

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
        if self._picture is None or not self._picture.shows(self.network_):
            self._picture = WeightCache(self.network_, self._stepping())
        return self._picture.made

    def _stepping(self) -> Any:
        return step_of(cast("Stepped", self.network_), int8=self.int8_)

    def __getstate__(self) -> dict[str, Any]:
        """All but what is made anew when it is asked for, and cannot be copied."""
        return {name: value for name, value in vars(self).items() if name != "_picture"}

    def save(self, path: str | os.PathLike[str], *, int8: bool = False) -> None:
        """Write the model as one safetensors file, whole or not at all.

        Args:
            int8: with weights of 8 bits, in about a quarter of the room. The model itself stays
                as it is; one whose weights are of 8 bits is always written so.

        Raises:
            NotFittedError: before `fit`.
            OutputError: where the file cannot be written; what was there before stays.
            ModelFileError: where a weight is not a number, and 8 bits are asked for.
        """
        self._check_fitted()
        about, tensors = self._contents()
        if int8 or self.int8_:
            about, tensors = about | {"int8": True}, packed(tensors)
        versions = {"elman": __version__, "torch": torch.__version__.partition("+")[0]}
        settings = {"task": self.task, "settings": self._plain_settings(), "versions": versions}
        write_bundle(path, {**settings, **about}, tensors)

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What there is to know of a trained model, as plain data, for `elman info`."""

    def _through(self, events: Iterator[Event]) -> Self:
        """Itself, trained to the end.

        Raises:
            KeyboardInterrupt: where the training was interrupted.
        """
        for event in events:
            if isinstance(event, Finished) and event.interrupted:
                raise KeyboardInterrupt
        return self

    def _check_fitted(self) -> None:
        if not any(name.endswith("_") and not name.startswith("_") for name in vars(self)):
            raise _not_fitted_error()(
                "it has learned nothing yet",
                location=type(self).__name__,
                hint="Call fit, or elman.load a trained model.",
            )

    def _plain_settings(self) -> dict[str, Any]:
        """The settings as JSON can hold them: lists for tuples, Python's numbers for numpy's."""

        def plain(value: Any) -> Any:
            if isinstance(value, list | tuple):
                return [plain(each) for each in value]
            return value.item() if hasattr(value, "item") else value

        return {name: plain(value) for name, value in self.get_params().items()}

    @classmethod
    def _setting_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = (
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value != defaults[name].default
        )
        return f"{type(self).__name__}({', '.join(changed)})"
