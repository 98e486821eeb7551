"""The columns of a table that are asked for, and how they are known by their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from elman.errors import InputError, SettingError
from elman.text.byte_decoding import without_surrogates
from elman.text.columns import LABELLED, Columns
from elman.text.formats.label_tools import ABOUT_ANNOTATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence


_NUMBERING = ("", "id", "idx", "index")
_HEADING = re.compile(r"[^\W\d][\w-]*")  # one word; a first row of two texts has more
_MAX_SHOWN = 40  # characters of the name of a column in a message


class RepeatedColumnError(InputError):
    """Two columns have the name of the one to read."""


class RequestedColumns(NamedTuple):
    """The columns to read.

    Attributes:
        text, label: their names; None: the likeliest.
        labels_needed: whether a label column must exist.
        columns: the kind of row.
        usual_text, usual_label: the columns that a table has if it is like the training data; None:
            unknown.
    """

    text: str | None = None
    label: str | None = None
    labels_needed: bool = True
    columns: Columns = LABELLED
    usual_text: str | None = None
    usual_label: str | None = None

    def checked(self) -> RequestedColumns:
        """The same object, once it has been checked.

        Raises:
            SettingError: both names are the same.
        """
        if self.text is not None and self.text == self.label:
            raise SettingError(
                f"{self.columns.text} and {self.columns.label} are the same column, {self.text!r}",
                location=self.columns.label_option,
                hint="Name two different columns",
            )
        return self


def find_columns(
    names: Sequence[str], location: str, requested: RequestedColumns
) -> tuple[str, str | None]:
    """Identify the columns of text and label: the requested ones, or else the likeliest.

    If one of two columns is known, the other column is the other one. If neither is known, and the
    kind of row goes by order, one or two columns are taken in order, if their names look like
    headings and not like a first row.

    Args:
        names: of all columns.
        location: file and line of the header, for messages.
        requested: the columns to read.

    Returns:
        The names of the text column and of the label column.

    Raises:
        InputError: the columns cannot be identified, or a requested one is missing.
    """
    columns = requested.columns
    if {"annotation_id", "lead_time"}.issubset(names) and requested.label is None:
        names = [name for name in names if name not in ABOUT_ANNOTATIONS]  # of Label Studio
    label = _checked_name(requested.label, names, location, columns.label_option)
    text = _checked_name(requested.text, names, location, columns.text_option)
    if text is None and requested.usual_text in names and requested.usual_text != label:
        text = requested.usual_text
    if label is None and requested.usual_label in names and requested.usual_label != text:
        label = requested.usual_label
    text, label = columns.likeliest(names, text, label)
    if text is label is None and columns.by_order and 1 <= len(names) <= 2:
        if all(map(is_heading, names)):
            text, label = (*names, None)[:2]
    elif len(names) == 2:
        text = text or _other(names, label)
        label = label or _other(names, text)
    if text is None or (label is None and requested.labels_needed):
        raise _unknown_columns(names, location, text, columns)
    for each in (text, label):
        if names.count(each) > 1:
            raise RepeatedColumnError(
                f"{names.count(each)} columns are called {each}",
                location=location,
                hint="Give each column another name",
            )
    return text, label


def _checked_name(name: str | None, names: Sequence[str], location: str, option: str) -> str | None:
    if name is None or name in names:
        return name
    raise InputError(
        f"no column is called {name!r}: there {'is' if len(names) == 1 else 'are'} "
        + ", ".join(map(shortened, names)),
        location=location,
        hint=f"Name one of these with {option}",
    )


def is_word(name: str) -> bool:
    """Whether a name is one word, such as heads a column."""
    return _HEADING.fullmatch(name) is not None


def is_heading(name: str) -> bool:
    return name.casefold() not in _NUMBERING and is_word(name)


def _other(names: Sequence[str], one: str | None) -> str | None:
    """The other one of two columns, unless it only numbers the rows."""
    others = [name for name in names if name != one and name.casefold() not in _NUMBERING]
    return others[0] if one is not None and others else None


def _unknown_columns(
    names: Sequence[str], location: str, text: str | None, columns: Columns
) -> InputError:
    missing = columns.text if text is None else columns.label
    return InputError(
        f"cannot identify the column of the {missing}: the first line has "
        + (", ".join(map(shortened, names)) or "none"),
        location=location,
        hint=f"Name the columns with {columns.text_option} and {columns.label_option}; a table "
        f"without a header needs one, such as {columns.text},{columns.label}",
    )


def shortened(name: str) -> str:
    """The name of a column, cut for a message."""
    name = without_surrogates(name)
    return name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}..."
