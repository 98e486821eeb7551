"""The base class of trained models: the network, what predicts with it, and the model file."""

from __future__ import annotations

import dataclasses
import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from elman.bundle import Array, Bundle, write_bundle
from elman.errors import ModelFileError, SettingError
from elman.nn.compiled.trained import TrainedNetwork
from elman.nn.compiled.weights import Weights
from elman.nn.int8 import fake_quantize, packed
from elman.nn.weight_cache import WeightCache
from elman.tasks.not_fitted import not_fitted_error
from elman.tasks.settings import NetworkSettings
from elman.tasks.weights import Stored, StoredNetwork, load_network, record_of
from elman.version import __version__

if TYPE_CHECKING:
    from torch import nn


class TrainedModel(NetworkSettings, ABC):
    """A network with its settings.

    Training makes a torch module. A file gives arrays, which predict without torch; they become a
    module where something asks for it.

    Attributes, once fitted:
        record_: how it was trained, as plain data; saved with the model.
    """

    task: ClassVar[str]

    # The name of its task on the Hugging Face hub; None if the hub has none.
    pipeline_tag: ClassVar[str | None] = None

    # The key of the network's architecture in a model file.
    _architecture_name: ClassVar[str]

    record_: dict[str, Any]

    # The network: a torch module, or the arrays of a file.
    _source: nn.Module | StoredNetwork | None = None

    # The network whose weights were rounded to int8; a later training creates another.
    _quantised: nn.Module | StoredNetwork | None = None

    _compiled: WeightCache[Any] | None = None  # of `_inference`

    # To be defined by each task

    @abstractmethod
    def _compile(self, trained: TrainedNetwork) -> Any:
        """What predicts with the network, on arrays."""

    @abstractmethod
    def _contents(self) -> dict[str, Any]:
        """The plain data of a model file besides settings, architecture and record."""

    def _arrays(self) -> dict[str, Array]:
        """The arrays of a model file, by name."""
        return self._weights()

    @abstractmethod
    def _restore(self, about: dict[str, Any]) -> Stored:
        """Check the plain data of a model file and store it.

        Returns:
            What the arrays of the file must be.

        Raises:
            ModelFileError: the data is not what `_contents` returns.
            SettingError: a value is out of range.
        """

    def _take(self, beside: dict[str, Array], about: dict[str, Any]) -> None:
        """Store what a model file holds beside the network.

        Args:
            beside: the arrays beside the weights.
            about: the plain data, which `_restore` has checked.

        Raises:
            ModelFileError: the arrays cannot belong to such a model.
        """

    @abstractmethod
    def _facts(self) -> dict[str, Any]:
        """The part of `describe` that only this task has."""

    # The network

    @property
    def network_(self) -> Any:
        """The network as a torch module."""
        if isinstance(self._source, StoredNetwork):
            module, was_int8 = self._source.module(), self.int8_
            self._source = module
            self._quantised = module if was_int8 else None
        if self._source is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute 'network_'")
        return self._source

    @network_.setter
    def network_(self, network: nn.Module) -> None:
        self._source, self._compiled = network, WeightCache()

    @property
    def _config(self) -> Any:
        """The configuration of the network, a dataclass."""
        return self._source.config if self._source is not None else None

    def _weights(self) -> dict[str, Array]:
        """The weights of the network, by name."""
        if isinstance(self._source, StoredNetwork):
            return dict(self._source.weights)
        return {name: weight.numpy(force=True) for name, weight in self.network_.named_parameters()}

    def _trained(self) -> TrainedNetwork:
        """The network as arrays, and the step of its cell."""
        if isinstance(self._source, StoredNetwork):
            weights, cell = Weights(self._source.weights), self._source.cell
            return TrainedNetwork(weights, cell, lambda: self.network_, int8=self.int8_)
        from elman.nn.native_step import trained_network

        return trained_network(self.network_, int8=self.int8_)

    @property
    def _inference(self) -> Any:
        """What predicts with the current weights."""
        if self._compiled is None:  # a copy
            self._compiled = WeightCache()
        return self._compiled.value(self._source, lambda: self._compile(self._trained()))

    @property
    def int8_(self) -> bool:
        """Whether the weights are rounded to int8."""
        return self._quantised is not None and self._quantised is self._source

    def to_int8(self) -> Self:
        """Round the weights to int8 in place, with one scale for each row of a matrix. With the
        native core, products are then int8 too.

        Raises:
            NotFittedError: before `fit`.
            ModelFileError: a weight is not finite.
        """
        self._check_fitted()
        if isinstance(self._source, StoredNetwork):
            self._source = self._source.rounded()
        else:
            import torch

            with torch.no_grad():
                for weight in self.network_.parameters():
                    weight.copy_(torch.from_numpy(fake_quantize(weight.numpy(force=True))))
        self._quantised = self._source
        return self

    def _count(self) -> int:
        """The number of parameters of the network."""
        return sum(weight.size for weight in self._weights().values())

    def _is_fitted(self) -> bool:
        return any(name.endswith("_") and not name.startswith("_") for name in vars(self))

    def _check_fitted(self) -> None:
        if not self._is_fitted():
            raise not_fitted_error(type(self).__name__)

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
        cell = self._trained().cell
        about = {
            "task": self.task,
            "settings": self._plain_settings(),
            "versions": {"elman": __version__},
            "cell": None if cell is None else cell.to_json(),
            self._architecture_name: dataclasses.asdict(self._config),
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
        model._source, beside = load_network(bundle, stored)
        model._compiled = WeightCache()
        try:
            model._take(beside, bundle.about)
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
            "network": dataclasses.asdict(self._config),
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
