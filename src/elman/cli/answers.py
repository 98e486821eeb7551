"""What `elman predict` writes: batch by batch, as the texts or the sentences arrive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.cli.terminal import json_line
from elman.errors import EmptyTextError, InputError

if TYPE_CHECKING:
    from elman.models import Classifier, Tagger
    from elman.text import Document, Example, ExampleReader, Sentence, SentenceReader

REJECTED = "none of these"
_SHOWN = 10  # tags in a message


class Answered(NamedTuple):
    """Lines to be printed, and how many texts or sentences they answer."""

    written: str
    answered: int


class ClassAnswers:
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

    def answers(self, documents: Iterable[Document]) -> Iterator[Answered]:
        """In the order of the texts.

        Raises:
            InputError: the texts cannot be read, or are words with tags.
        """
        from elman.text.arriving import gathered

        begun: set[str] = set()
        for batch in gathered(self._examples(documents), lambda each: len(each.text)):
            for name, examples in groupby(batch, attrgetter("name")):
                if name not in begun:
                    begun.add(name)
                    self._check_no_tags(name, list(examples))
            texts = [each.text for each in batch if each.text]
            found = iter(self.model.predict_proba(texts) if texts else ())
            rows = [self.write(each, next(found) if each.text else None) for each in batch]
            yield Answered("".join(f"{row}\n" for row in rows), len(texts))

    def _examples(self, documents: Iterable[Document]) -> Iterator[Example]:
        from elman.text import ExampleReader
        from elman.text.lines import lines_of

        for document in documents:
            reader = ExampleReader(
                document.name, labels_needed=False, keep_places=True, **self.settings
            )
            self.readers[document.name] = reader
            yield from reader.examples(lines_of(document.chunks()))

    def _check_no_tags(self, name: str, examples: list[Example]) -> None:
        from elman.text.task import tagged_in

        layout = self.readers[name].layout
        if layout is None or layout.shape != "lines":
            return
        seen = tagged_in([each.text for each in examples], name)
        if seen is not None:
            raise InputError(
                f"these are words with tags ({seen}), and the model names whole texts",
                place=f"{name}:{examples[0].line}",
                advice="Use a tagger, or leave out the blank lines to have each line named",
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


class TagAnswers:
    """Each sentence as it was written, with the model's tags; or an object for each.

    Args:
        count: of the likeliest sequences of tags, in JSON.
        column: of the tag, counted from 1; None: the last, or UPOS.
        skip_bad_rows: leave out sentences with a bad row, and count them.
    """

    def __init__(
        self,
        model: Tagger,
        *,
        json: bool = False,
        count: int | None = None,
        column: int | None = None,
        skip_bad_rows: bool = False,
    ) -> None:
        self.model = model
        self.json = json
        self.count = 1 if count is None else count
        self.column = column
        self.skip_bad_rows = skip_bad_rows
        self.readers: list[SentenceReader] = []

    @property
    def skipped(self) -> int:
        """Sentences that were left out."""
        return sum(reader.skipped for reader in self.readers)

    def answers(self, documents: Iterable[Document]) -> Iterator[Answered]:
        """In the order of the sentences.

        Raises:
            InputError: they cannot be read, or are no sentences, one word a line.
        """
        from elman.text.arriving import gathered

        for batch in gathered(self._pieces(documents), _size):
            sentences = [each for each in batch if not isinstance(each, str)]
            words = [each.words for each in sentences]
            written: Iterable[str]
            if self.json:
                found = self.model.predict_best(words, self.count) if words else []
                written = map(self._as_json, sentences, found)
            else:
                tags = iter(self.model.predict(words) if words else ())
                written = (
                    each if isinstance(each, str) else each.written(next(tags)) for each in batch
                )
            yield Answered("".join(written), len(sentences))

    def _pieces(self, documents: Iterable[Document]) -> Iterator[Sentence | str]:
        """The sentences, and what stands after the last one of each file."""
        from elman.text import SentenceReader
        from elman.text.conll import FORMAT
        from elman.text.lines import lines_of

        tail = ""
        for document in documents:
            reader = SentenceReader(
                document.name,
                column=self.column,
                skip_bad_rows=self.skip_bad_rows,
                tags_needed=False,
            )
            self.readers.append(reader)
            lines = lines_of(document.chunks(), keep_ends=True)
            sentence = None
            for sentence in reader.sentences(self._checked(lines, document.name)):
                # A file may end without the blank line that another one needs before it.
                if tail:
                    yield _until_blank(tail)
                    tail = ""
                yield sentence
            if sentence is None:
                left_out = f" ({reader.skipped:,} left out)" if reader.skipped else ""
                raise EmptyTextError(
                    f"holds no sentence{left_out}", place=document.name, advice=FORMAT
                )
            yield reader.rest
            tail = reader.rest or "".join(sentence.lines[-2:])

    def _checked(self, lines: Iterable[str], name: str) -> Iterator[str]:
        """The same lines, of which the first row is held against what the model can tag."""
        from elman.text.conll import LINE_ENDS, is_blank, may_be_comment

        is_first = True
        for number, line in enumerate(lines, start=1):
            row = line.rstrip(LINE_ENDS)
            if is_first and not is_blank(row) and not may_be_comment(row):
                is_first = False
                self._check_first(row, f"{name}:{number}", name)
            yield line

    def _check_first(self, row: str, place: str, name: str) -> None:
        from elman.ranges import listed
        from elman.text.conll import FORMAT, layout_of

        table = _table_with_header(row, name)
        if table is not None:
            raise InputError(
                f"these are texts ({table}), and the model tags words", place=place, advice=FORMAT
            )
        layout = layout_of([row], place, name=name, column=self.column, tags_needed=False)
        if layout.shape == "conllu" or layout.columns == 1 or self.column is not None:
            return
        tag = layout.fields(row)[-1]
        tags = self.model.tags_
        if tag not in (*tags, "_"):
            known = listed(tags[:_SHOWN] + ["others"] * (len(tags) > _SHOWN))
            raise InputError(
                f"the last column, {tag!r:.40}, is no tag that the model knows ({known})",
                place=place,
                advice="Write one word a line and a blank line after each sentence, or name the "
                f"column to write: --column {layout.columns + 1}",
            )

    def _as_json(self, sentence: Sentence, found: list[tuple[list[str], float]]) -> str:
        (tags, probability), *others = found
        said: dict[str, Any] = {
            "file": sentence.name,
            "line": sentence.line,
            "words": sentence.words,
            "tags": tags,
            "probability": probability,
        }
        if self.count > 1:
            said["alternatives"] = [{"tags": each, "probability": p} for each, p in others]
        return f"{json_line(said)}\n"


def _size(piece: Sentence | str) -> int:
    return len(piece) if isinstance(piece, str) else sum(map(len, piece.lines))


def _until_blank(tail: str) -> str:
    """The newlines that are missing after a file's last lines, so that a sentence can follow."""
    from elman.text.conll import is_blank

    if not tail.endswith("\n"):
        return "\n\n"
    return "" if is_blank(tail.splitlines()[-1]) else "\n"


def _table_with_header(row: str, name: str) -> str | None:
    """What table begins with this row, unless a tab is in it, as in a word's."""
    from elman.text import ExampleReader

    if "\t" in row:
        return None
    try:
        return ExampleReader(name).look([row]).in_words()
    except InputError:
        return None
