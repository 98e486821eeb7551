"""The errors that Elman raises.

ElmanError
├── InputError          text or data that cannot be used as it is (also a ValueError)
│   ├── MissingFileError    a file that is missing or unreadable
│   ├── EmptyTextError      a file that is empty, or too short to learn from
│   ├── BinaryFileError     a file that is not text
│   └── EncodingError       text in another encoding than the one named
├── SettingError        a setting out of its range (also a ValueError)
├── NotFittedError      a model that has not been fitted (also the error of scikit-learn)
├── ModelFileError      a model file or checkpoint that cannot be trusted or used
│   └── TaskError           a valid model file of another task
├── MemoryFileError     the memory of a keyboard that cannot be trusted or used
├── OutputError         a file that cannot be written, a full disk
├── ExportError         a model that a format cannot represent, or that cannot be published
└── TrainingError       training that cannot continue
    └── ResumeError         an unfinished run that blocks a new one, or differs from it

Each message names the location, the cause and the next step, in one line:
`reviews.csv:17: expected 2 columns, found 3. Quote the text, or try: elman peek reviews.csv`
"""

from __future__ import annotations

import re

_FLAGS = ("skip-bad-rows",)  # options without a value, which are True in Python
_NO_VALUES = {"and", "or", "to", "as", "for", "in", "with", "if", "is"}
# A command is typed in a shell wherever its advice is read.
_OPTION = re.compile(
    r"(?P<command>(?:elman [a-z]+|pip install) .*)"
    r"|--(?P<name>[a-z][a-z-]*)(?P<value> (?:'[^']*'|[\w+-]+))?"
)


class ElmanError(Exception):
    """`location: cause. hint`, on one line.

    Options in it, such as `--text-column 2`, become Python's keywords in `str(error)`:
    `text_column=2`; the command prints `in_shell`.

    Args:
        cause: what is wrong, without a full stop at its end.
        location: the file (and line), the option or the setting.
        hint: what to do or type next, a sentence.

    Attributes:
        in_shell: the line with the options as they are typed.
    """

    def __init__(self, cause: str, *, location: object = None, hint: str | None = None) -> None:
        self.cause = cause
        self.location = None if location is None else str(location)
        self.hint = hint
        line = cause if self.location is None else f"{self.location}: {cause}"
        if hint is not None:
            line = f"{line}. {hint}"
        self.in_shell = " ".join(line.split())
        super().__init__(_OPTION.sub(_keyword, self.in_shell))


def _keyword(found: re.Match[str]) -> str:
    """The keyword of an option: `column=2` of `--column 2`; a command stays as it is."""
    if found["command"]:
        return found["command"]
    name = found["name"].replace("-", "_")
    if found["name"] in _FLAGS:
        return f"{name}=True{found['value'] or ''}"
    value = (found["value"] or "").strip()
    if not value or value in _NO_VALUES:
        return name + (found["value"] or "")
    plain = value[0] in "'-0123456789" or value.isupper()
    return f"{name}={value if plain else repr(value)}"


class InputError(ElmanError, ValueError):
    """Text or data that cannot be used as it is."""


class MissingFileError(InputError):
    """A file that is missing or unreadable."""


class EmptyTextError(InputError):
    """A text that is empty, or too short to learn from."""


class BinaryFileError(InputError):
    """A file that is not text in any encoding."""


class EncodingError(InputError):
    """Text in another encoding than the one named."""


class UnseenLabelWarning(UserWarning):
    """Labels or tags of a validation set that training never saw; they count as errors."""


class SettingError(ElmanError, ValueError):
    """A setting out of its range."""


class NotFittedError(ElmanError, ValueError, AttributeError):
    """A model that has not been fitted.

    Models raise a subclass that is also the NotFittedError of scikit-learn. It is defined where it
    is raised, so that this module does not import scikit-learn.
    """


class ModelFileError(ElmanError):
    """A model file or checkpoint that cannot be trusted or used."""


class TaskError(ModelFileError):
    """A valid model file of another task."""


class MemoryFileError(ElmanError):
    """A file with the memory of a keyboard that cannot be trusted or used."""


class OutputError(ElmanError):
    """A file that cannot be written."""


class ExportError(ElmanError):
    """A model that a format cannot represent exactly, or that cannot be published."""


class UntraceableError(ExportError):
    """A cell whose step uses what only PyTorch runs."""


class TrainingError(ElmanError):
    """Training that cannot continue."""


class ResumeError(TrainingError):
    """An unfinished run that blocks a new one, or that differs from the one to resume."""
