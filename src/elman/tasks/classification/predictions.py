"""What `elman predict` writes of a classifier: a line for each text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.console.terminal import counted, json_line, prints_to_terminal, say
from elman.errors import InputError, SettingError
from elman.tasks.options import reader_options
from elman.tasks.predictions import ExampleWriter, PredictionLines, as_lines
from elman.text.class_folder import texts_among, whole_text
from elman.text.example_reader import Example, ExampleReader
from elman.text.files import TextSource
from elman.text.stdin_stream import STANDARD_INPUT

if TYPE_CHECKING:
    from elman.tasks.classification.model import Classifier
    from elman.tasks.predictions import PredictionRequest
    from elman.text.files import Document

REJECTED = "none of these"
FITTED = "fitted"

_SHOWN = 60  # characters of a text beside its class


def write_predictions(model: Classifier, request: PredictionRequest) -> Iterator[PredictionLines]:
    """A line for each text; an empty one for an empty line, and for a bad row that is left out.
    Of a folder with a text a file each line begins with the path of the file.

    Raises:
        InputError: the texts cannot be read, or are words with tags; SettingError: an option is
            out of range.
    """
    return ClassWriter(model, request).lines()


class ClassWriter(ExampleWriter):
    """See `write_predictions`."""

    def __init__(self, model: Classifier, request: PredictionRequest) -> None:
        super().__init__(request)
        self.model = model
        self.labels: list[Any] = model.classes_.tolist()
        self.threshold = _threshold(request.options.get("reject-below"), model)
        line = self._for_a_person if prints_to_terminal() else self._as_line
        self.write = self._as_json if request.json else line
        self.count = request.count
        self.reader_options = reader_options(request.options, "text-column")
        self.reader_options["usual_text"] = model.record_.get("text_column")
        self.begun: set[str] = set()
        one_per_file = model.record_.get("one_text_per_file") is True
        self.is_text = {} if self.has_texts else _files_of_folders(request.files, one_per_file)

    def read(self, document: Document) -> Iterator[Example]:
        is_text = self.is_text.get(document.name)
        if is_text is None:
            return super().read(document)
        self.begun.add(document.name)
        return iter([_as_example(document)] if is_text else [])

    def lines(self) -> Iterator[PredictionLines]:
        yield from super().lines()
        others = list(self.is_text.values()).count(False)
        if others:
            say(f"{counted(others, 'file', 'files')} about the data left out.")

    def make_reader(self, name: str) -> ExampleReader:
        return ExampleReader(
            name,
            labels_needed=False,
            keep_skipped=True,
            arrives=name == STANDARD_INPUT,
            **self.reader_options,
        )

    def answers(self, batch: list[Example]) -> Iterator[PredictionLines]:
        for name, examples in groupby(batch, attrgetter("name")):
            if name not in self.begun:
                self.begun.add(name)
                self._check_no_tags(name, list(examples))
        texts = [each.text for each in batch if each.text]
        found = iter(self.model.predict_proba(texts) if texts else ())
        rows = (self.write(each, next(found) if each.text else None) for each in batch)
        yield PredictionLines(as_lines(rows), len(texts))

    def _check_no_tags(self, name: str, examples: list[Example]) -> None:
        from elman.text.sniff_tagged import tagged_in

        layout = None if self.has_texts else self.readers[name].layout
        if layout is None or layout.shape != "lines":
            return
        seen = tagged_in([each.text for each in examples], name)
        if seen is not None:
            raise InputError(
                f"these are words with tags ({seen}), and the model names whole texts",
                location=f"{name}:{examples[0].line}",
                hint="Use a tagger, or leave out the blank lines to have each line named",
            )

    def _best(self, probabilities: Any) -> Any:
        """The likeliest label, or None where it is not likely enough."""
        best = int(probabilities.argmax())
        return None if probabilities[best] < self.threshold else self.labels[best]

    def _as_line(self, example: Example, probabilities: Any) -> str:
        answer = "" if probabilities is None else self._answer(probabilities)
        return f"{example.name}\t{answer}" if example.name in self.is_text else answer

    def _answer(self, probabilities: Any) -> str:
        label = self._best(probabilities)
        return REJECTED if label is None else " ".join(str(label).splitlines())

    def _for_a_person(self, example: Example, probabilities: Any) -> str:
        if probabilities is None:
            return self._as_line(example, None)
        shown = example.name
        if shown not in self.is_text:
            text = " ".join(example.text.split())
            shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
        return f"{shown}  {self._answer(probabilities)}  {probabilities.max():.2f}"

    def _as_json(self, example: Example, probabilities: Any) -> str:
        row: dict[str, Any] = {"file": example.name, "line": example.line}
        if probabilities is None:
            return json_line({**row, "label": None, "probability": None, "probabilities": None})
        order = (-probabilities).argsort(kind="stable")[: self.count].tolist()
        listed = {self.labels[index]: float(probabilities[index]) for index in order}
        best = float(probabilities[order[0]])
        row |= {"label": self._best(probabilities), "probability": best, "probabilities": listed}
        return json_line(row)


def _files_of_folders(paths: Sequence[Path], one_per_file: bool) -> dict[str, bool]:
    """Whether each file in folders of texts, one a file, is such a text or about the data.

    Args:
        paths: files and folders; texts in files and other folders stand in lines or rows.
        one_per_file: whether a file was one text in training.
    """
    is_text: dict[str, bool] = {}
    for path in paths:
        names = TextSource([path]).names if path.is_dir() else []
        texts = texts_among(names, one_per_file=one_per_file) if names else None
        if texts is not None:
            is_text |= {name: name in texts for name in names}
    return is_text


def _as_example(document: Document) -> Example:
    text = whole_text(document)
    return Example("" if text.isspace() else text, None, 1, document.name)


def _threshold(reject_below: str | None, model: Classifier) -> float:
    """The probability below which to reject: the typed one, or the one fitted on validation data;
    -1 never rejects.

    Raises:
        SettingError: the typed value is not a probability.
    """
    if reject_below is None:
        return -1.0
    if reject_below == FITTED:
        return model.calibration_.rejection
    try:
        threshold = float(reject_below)
    except ValueError:
        threshold = -1.0
    if not 0 <= threshold <= 1:
        raise SettingError(
            f"{reject_below!r} is out of range",
            location="reject-below",
            hint=f"It is a probability, from 0 to 1, or {FITTED!r}.",
        )
    return threshold
