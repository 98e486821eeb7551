"""The two columns of a row: their names in messages, and their names in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Columns(NamedTuple):
    """A kind of row with two columns.

    Attributes:
        text, label: their names in messages and in options, such as "text" for --text-column.
        text_names, label_names: their names in files, likelier names first, in lower case.
        either_names: names that either column may have; the first such column is the text.
        by_order: whether the first of two columns with other names is the text.
        other_formats: other formats of such rows; completes the hint 'Begin a table with a header
            such as a,b, '.
    """

    text: str
    label: str
    text_names: tuple[str, ...]
    label_names: tuple[str, ...]
    either_names: frozenset[str]
    by_order: bool
    other_formats: str

    @property
    def text_option(self) -> str:
        """The command line option that names the text column."""
        return f"--{self.text}-column"

    @property
    def label_option(self) -> str:
        """The command line option that names the label column."""
        return f"--{self.label}-column"

    def match(self, text: str, label: str) -> bool:
        """Whether both names are usual for these columns."""
        text, label = text.casefold(), label.casefold()
        return (text in self.text_names or text in self.either_names) and (
            label in self.label_names or label in self.either_names
        )

    def likeliest(
        self, names: Sequence[str], text: str | None, label: str | None
    ) -> tuple[str | None, str | None]:
        """The likeliest text and label columns, by name.

        Args:
            names: of all columns.
            text, label: names already chosen; None: choose.

        Returns:
            The names of both; None for a column that no name identifies.
        """
        text = text or _first_known(self.text_names, names, excluded=label)
        label = label or _first_known(self.label_names, names, excluded=text)
        either = [name for name in names if name.casefold() in self.either_names]
        either = [name for name in either if name not in (text, label)]
        if text is None and label is None:  # one such name alone could be either column
            return (either[0], either[1]) if len(either) > 1 else (None, None)
        return text or next(iter(either), None), label or next(iter(either), None)


def _first_known(known: Sequence[str], names: Sequence[str], excluded: str | None) -> str | None:
    by_folded_name = {name.casefold(): name for name in names if name != excluded}
    return next((by_folded_name[each] for each in known if each in by_folded_name), None)


_LANGUAGES = """
arabic bengali bulgarian catalan chinese croatian czech danish dutch english esperanto estonian
finnish french german greek hebrew hindi hungarian icelandic indonesian irish italian japanese
korean latin latvian lithuanian norwegian persian polish portuguese romanian russian serbian slovak
slovenian spanish swahili swedish thai turkish ukrainian vietnamese welsh
ar bg bn ca cs cy da de el en eo es et fa fi fr ga he hi hr hu is it ja ko la lt lv nl no pl pt ro
ru sk sl sr sv sw th tr uk vi zh
"""
"""Languages and their ISO 639-1 codes, as column names. `id` is missing: it numbers rows."""

LABELLED = Columns(
    text="text",
    label="label",
    text_names=(
        *("text", "sentence", "review", "reviewtext", "review_text", "question", "utterance"),
        *("query", "request", "content"),
        *("message", "tweet", "post", "comment", "body", "document", "description", "phrase"),
        *("headline", "abstract", "title", "subject", "surname", "name", "word", "input"),
    ),
    label_names=(
        *("label", "class", "category", "intent", "sentiment", "emotion", "polarity", "language"),
        *("lang", "target", "topic", "genre", "tag", "rating", "stars", "overall", "y"),
    ),
    either_names=frozenset(),
    by_order=False,
    other_formats="or write JSON lines or fastText's __label__ lines",
)
PAIRED = Columns(
    text="source",
    label="target",
    text_names=(
        *("source", "src", "from", "input", "original", "spelling", "grapheme", "graphemes"),
        *("orthography", "word", "sentence", "text"),
    ),
    label_names=(
        *("target", "tgt", "trg", "to", "output", "translation", "phoneme", "phonemes"),
        *("pronunciation", "transcription", "ipa"),
    ),
    either_names=frozenset(_LANGUAGES.split()),
    by_order=True,
    other_formats="write JSON lines, or name two parallel files",
)
