"""What `elman predict` writes: batch by batch, as the texts or the sentences arrive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from elman.console.terminal import json_line
from elman.errors import InputError

if TYPE_CHECKING:
    from elman.tasks.classification.model import Classifier
    from elman.text.example_reader import Example, ExampleReader
    from elman.text.files import Document
from elman.console.predictions import PredictionLines

REJECTED = "none of these"


class ClassWriter:
    """A line for each text.

    Args:
        reject_below: the probability below which the likeliest class is no answer; None: never.
        count: of the likeliest classes, in JSON; None: all.
        settings: of the `ExampleReader`s.
    """

    def __init__(
        self,
        model: Classifier,
        *,
        reject_below: float | None = None,
        json: bool = False,
        count: int | None = None,
        **settings: Any,
    ) -> None:
        self.model = model
        self.labels: list[Any] = model.classes_.tolist()
        self.threshold = -1.0 if reject_below is None else reject_below
        self.write = self._as_json if json else self._as_line
        self.count = count
        self.settings = settings
        self.readers: dict[str, ExampleReader] = {}

    @property
    def skipped(self) -> int:
        """Bad rows that were left out."""
        return sum(reader.skipped for reader in self.readers.values())

    def answers(self, documents: Iterable[Document]) -> Iterator[PredictionLines]:
        """In the order of the texts.

        Raises:
            InputError: the texts cannot be read, or are words with tags.
        """
        from elman.text.stdin_stream import batch_available

        begun: set[str] = set()
        for batch in batch_available(self._examples(documents), lambda each: len(each.text)):
            for name, examples in groupby(batch, attrgetter("name")):
                if name not in begun:
                    begun.add(name)
                    self._check_no_tags(name, list(examples))
            texts = [each.text for each in batch if each.text]
            found = iter(self.model.predict_proba(texts) if texts else ())
            rows = [self.write(each, next(found) if each.text else None) for each in batch]
            yield PredictionLines("".join(f"{row}\n" for row in rows), len(texts))

    def _examples(self, documents: Iterable[Document]) -> Iterator[Example]:
        from elman.text.example_reader import ExampleReader
        from elman.text.lines import lines_of

        for document in documents:
            reader = ExampleReader(
                document.name, labels_needed=False, keep_skipped=True, **self.settings
            )
            self.readers[document.name] = reader
            yield from reader.examples(lines_of(document.chunks()))

    def _check_no_tags(self, name: str, examples: list[Example]) -> None:
        from elman.data.infer_task import tagged_in

        layout = self.readers[name].layout
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

    def _as_line(self, _: Example, probabilities: Any) -> str:
        if probabilities is None:
            return ""
        label = self._best(probabilities)
        return REJECTED if label is None else " ".join(str(label).splitlines())

    def _as_json(self, example: Example, probabilities: Any) -> str:
        said: dict[str, Any] = {"file": example.name, "line": example.line}
        if probabilities is None:
            return json_line({**said, "label": None, "probability": None, "probabilities": None})
        order = (-probabilities).argsort(kind="stable")[: self.count].tolist()
        listed = {self.labels[place]: float(probabilities[place]) for place in order}
        best = float(probabilities[order[0]])
        said |= {"label": self._best(probabilities), "probability": best, "probabilities": listed}
        return json_line(said)
