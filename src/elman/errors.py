"""Every error that a user of Elman can meet.

ElmanError
├── InputError          text or data that cannot be used as it is (also a ValueError)
│   ├── MissingFileError    nothing there, or not readable
│   ├── EmptyTextError      nothing in it, or too little to learn from
│   ├── BinaryFileError     bytes that are no text
│   └── EncodingError       text in another encoding than was said
├── SettingError        a setting out of its range (also a ValueError)
├── NotFittedError      a model asked for what it has not learned yet (also scikit-learn's own)
├── ModelFileError      a model file or checkpoint that cannot be trusted or used
│   └── TaskError           a sound model file, of another task
├── MemoryFileError     a keyboard's memory that cannot be trusted or used
├── OutputError         a file that cannot be written, a full disk
├── ExportError         a model whose copy in another form would not be it, or finds no location
│   └── UntraceableError    a cell whose step uses what only PyTorch runs
└── TrainingError       training that cannot go on
    └── ResumeError         an unfinished run that is in the way, or not the same run

Each names the location, the cause and what to do next, in one line:
`reviews.csv:17: expected 2 columns, found 3. Quote the text, or try: elman peek reviews.csv`
"""

from __future__ import annotations


class ElmanError(Exception):
    """`location: cause. hint`, on one line.

    Args:
        cause: what is wrong, without a full stop at its end.
        location: the file (and line), the option or the setting it is about.
        hint: what to do or type next, a sentence of its own.
    """

    def __init__(self, cause: str, *, location: object = None, hint: str | None = None) -> None:
        self.cause = cause
        self.location = None if location is None else str(location)
        self.hint = hint
        line = cause if self.location is None else f"{self.location}: {cause}"
        if hint is not None:
            line = f"{line}. {hint}"
        super().__init__(" ".join(line.split()))


class InputError(ElmanError, ValueError):
    """Text or data that cannot be used as it is."""


class MissingFileError(InputError):
    """A path with nothing behind it, or that may not be read."""


class EmptyTextError(InputError):
    """Nothing to read, or too little to learn from."""


class BinaryFileError(InputError):
    """Bytes that are no text in any encoding."""


class EncodingError(InputError):
    """Bytes that are not text in the encoding that was named."""


class SettingError(ElmanError, ValueError):
    """A setting out of its range."""


class NotFittedError(ElmanError, ValueError, AttributeError):
    """A model asked for what it has not learned yet.

    What models raise is scikit-learn's NotFittedError too, made where it is needed: these errors
    are imported long before scikit-learn is.
    """


class ModelFileError(ElmanError):
    """A model file or checkpoint that cannot be trusted or used."""


class TaskError(ModelFileError):
    """A sound model file, but of a model for another task."""


class MemoryFileError(ElmanError):
    """A file of what a keyboard learned that cannot be trusted or used."""


class OutputError(ElmanError):
    """A file that cannot be written."""


class ExportError(ElmanError):
    """A model whose copy in another form would not answer as it does, or that finds no location."""


class UntraceableError(ExportError):
    """A cell whose step uses what only PyTorch runs."""


class TrainingError(ElmanError):
    """Training that cannot go on."""


class ResumeError(TrainingError):
    """An unfinished run that is in the way, or that is not the run to go on with."""
