"""The settings of all estimators: each with its type, default, range and meaning, defined once.

An estimator inherits its settings from such a dataclass, `__init__` and its signature with them;
a training takes a checked copy, which no later `set_params` changes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

from elman.cells import CELLS
from elman.errors import ModelFileError, SettingError
from elman.ranges import check_choice, check_integer, check_number, check_size
from elman.training.plan import Plan

WIDEST = 16_384
DEEPEST = 64
LONGEST_SEED = 2**31 - 1

_PAGE = 100  # characters of a docstring's line


def _restored(value: Any) -> Any:
    """A value of a model file: what JSON has as a list is a tuple among settings."""
    return tuple(value) if isinstance(value, list) else value


def setting(
    default: Any,
    meaning: str,
    check: Callable[[str, Any], None],
    restored: Callable[[Any], Any] = _restored,
) -> Any:
    """A setting, as a field of a dataclass.

    Args:
        default: its value unless another is given; where it is None, None is in range as well.
        meaning: what it is, in one line, with its tokenizer and range, for the class's docstring.
        check: (name, value) -> None, which raises SettingError for a value out of range.
        restored: a value of a model file -> the setting, to be checked.
    """
    metadata = {"meaning": meaning, "check": check, "restored": restored}
    return field(default=default, metadata=metadata)


def changed(kind: type[NetworkSettings], name: str, default: Any, meaning: str = "") -> Any:
    """A setting of `kind` with another default and, if it is given, another meaning."""
    metadata = kind.__dataclass_fields__[name].metadata
    meaning = meaning or metadata["meaning"]
    return setting(default, meaning, metadata["check"], metadata["restored"])


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: lists for tuples, pairs for a mapping (its keys may be numbers),
    and Python's numbers for numpy's."""
    if isinstance(value, Mapping):
        return [[_plain(each) for each in pair] for pair in value.items()]
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if hasattr(value, "item") else value


def counts_setting(meaning: str, *more: str) -> Any:
    """The setting `counts`: "on" (the default), "off", and what more it may be.

    Args:
        meaning: as for `setting`.
    """
    return setting("on", meaning, partial(check_choice, names=("on", "off", *more)))


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkSettings:
    """The settings of every estimator: its network and its training."""

    cell: str = setting(
        "mingru",
        "the recurrent cell, a name of `elman.cells.CELLS`.",
        partial(check_choice, names=CELLS),
    )
    hidden_size: int | None = setting(
        None,
        "features of the vectors that pass from block to block, 1 to 16,384; None chooses.",
        partial(check_integer, least=1, most=WIDEST),
    )
    layers: int = setting(
        1, "blocks, one above the other, 1 to 64.", partial(check_integer, least=1, most=DEEPEST)
    )
    dropout: float | None = setting(
        None,
        "probability of dropout in training, 0 to below 1; None chooses.",
        partial(check_number, sound=lambda p: 0 <= p < 1, range_="from 0 to below 1"),
    )
    minutes: float = setting(
        3.0,
        "training time in minutes by the wall clock, validations included, above 0.",
        partial(check_number, sound=lambda x: 0 < x <= 1e6, range_="above 0"),
    )
    steps: int | None = setting(
        None,
        "training steps, which replace the minutes: the same weights every time on one machine.",
        partial(check_integer, least=1),
    )
    size: int | str | None = setting(
        None,
        'the most bytes of the model file, or a size such as "5MB"; None: no limit.',
        check_size,
    )
    seed: int = setting(
        0,
        "seed of everything random, 0 to 2**31 - 1.",
        partial(check_integer, least=0, most=LONGEST_SEED),
    )

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """The settings by name (`deep` is scikit-learn's; there is nothing deeper)."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def _plain_settings(self) -> dict[str, Any]:
        """The settings as JSON can hold them."""
        return {name: _plain(value) for name, value in self.get_params().items()}

    def check_settings(self) -> Self:
        """Itself, where each setting is in its range.

        Raises:
            SettingError: for the first that is not.
        """
        for name, its in self.__dataclass_fields__.items():
            value = getattr(self, name)
            if value is not None or its.default is not None:
                its.metadata["check"](name.replace("_", "-"), value)
        return self

    @property
    def has_network(self) -> bool:
        """Whether a network is trained."""
        return True

    @property
    def has_counts(self) -> bool:
        """Whether the training data is counted, too."""
        return getattr(self, "counts", "off") != "off"

    def with_network(self) -> Self:
        """The settings of a model with a network: themselves."""
        return self

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The settings that a model file holds.

        Raises:
            ModelFileError: they are not these settings; SettingError: a value is out of range.
        """
        if not isinstance(value, dict) or value.keys() != cls.__dataclass_fields__.keys():
            raise ModelFileError("its settings are not those of such a model")
        known: dict[str, Any] = {
            name: cls.__dataclass_fields__[name].metadata["restored"](its)
            for name, its in value.items()
        }
        return cls(**known).check_settings()

    @classmethod
    def _settings_type(cls) -> type[NetworkSettings]:
        """The dataclass that the settings are defined in: itself, or what it inherits them from."""
        return next(each for each in cls.__mro__ if "__dataclass_fields__" in vars(each))

    @classmethod
    def _settings_doc(cls) -> str:
        """What each setting means, as the section "Args" of a docstring."""
        lines = ["Args:"]
        for name, its in cls.__dataclass_fields__.items():
            about = f"{name} ({its.type}, default {its.default!r}): {its.metadata['meaning']}"
            lines += textwrap.wrap(about, _PAGE, initial_indent=" " * 4, subsequent_indent=" " * 8)
        return "\n".join(lines)


@dataclass(kw_only=True, eq=False, repr=False)
class CountedSettings(NetworkSettings):
    """The settings of an estimator with two parts, counts and a network."""

    counts: str = counts_setting(
        '"on" answers with counts of the training data beside the network, "off" with the network '
        'alone, "only" with the counts alone.',
        "only",
    )

    @classmethod
    def _network_settings(cls) -> tuple[str, ...]:
        """The settings that change nothing without a network."""
        return "cell", "hidden_size", "layers", "dropout"

    @property
    def has_network(self) -> bool:
        """Whether a network is trained."""
        return self.counts != "only"

    def with_network(self) -> Self:
        """The settings of a model with both parts, if this one has no network."""
        return self if self.has_network else replace(self, counts="on")

    def check_settings(self) -> Self:
        """Itself, where each setting is in its range, and has an effect.

        Raises:
            SettingError: for the first that is not, or that sets up a network where there is none.
        """
        super().check_settings()
        for name in () if self.has_network else self._network_settings():
            if _plain(getattr(self, name)) != _plain(self.__dataclass_fields__[name].default):
                raise SettingError(
                    "there is no network to set up with counts only",
                    location=name.replace("_", "-"),
                    hint="Leave it out, or let the network answer too: counts on.",
                )
        return self


@dataclass(frozen=True)
class Recipe:
    """What a network is built and trained with where its settings leave the choice; bench/results
    has the measurements behind each figure.

    Args:
        hidden_size: features of the vectors between blocks.
        dropout: probability of dropout, of embeddings and outputs.
        learning_rate: the largest; weight_decay: decoupled, of the matrices of products.
    """

    hidden_size: int
    dropout: float
    learning_rate: float
    weight_decay: float

    def hidden_size_of(self, settings: NetworkSettings) -> int:
        """Features of the vectors between blocks; 1 where there is no network to be trained."""
        if not settings.has_network:
            return 1
        return self.hidden_size if settings.hidden_size is None else settings.hidden_size

    def dropout_of(self, settings: NetworkSettings) -> float:
        """The probability of dropout, of embeddings and outputs."""
        return self.dropout if settings.dropout is None else settings.dropout

    def plan_of(
        self,
        settings: NetworkSettings,
        *,
        max_steps: int | None = None,
        fraction: float = 1.0,
        ema_decay: float = 0.0,
    ) -> Plan:
        """A training's plan.

        Args:
            max_steps: most steps, whatever the minutes; None: no limit.
            fraction: of the budget, 0 to 1.
            ema_decay: see `Plan`.
        """
        steps = None if settings.steps is None else max(1, round(fraction * settings.steps))
        return Plan(
            minutes=None if settings.steps is not None else fraction * settings.minutes,
            steps=steps if settings.has_network else 0,
            max_steps=max_steps,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            ema_decay=ema_decay,
            seed=settings.seed,
        )
