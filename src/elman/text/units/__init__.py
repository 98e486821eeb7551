"""The units a text can be read in: characters, words, subwords.

Every unit is exact: whatever text goes in comes out again, in every script, seen in training
or not, because a symbol exists for each of the 256 bytes.
"""

from __future__ import annotations

from elman.text.units.characters import Characters
from elman.text.units.subwords import Subwords
from elman.text.units.unit import BOUNDARY, Decoder, Unit, damaged
from elman.text.units.words import Words

__all__ = [
    "BOUNDARY",
    "UNITS",
    "Characters",
    "Decoder",
    "Subwords",
    "Unit",
    "Words",
    "unit_from_json",
]

UNITS: dict[str, type[Unit]] = {unit.name: unit for unit in (Characters, Words, Subwords)}


def unit_from_json(value: object) -> Unit:
    """The unit that `Unit.to_json` wrote.

    Raises:
        ModelFileError: anything in it is not as `to_json` writes it.
    """
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in UNITS:
        raise damaged(f"unit {name!r} is none of {', '.join(UNITS)}")
    return UNITS[name].from_json(value)
