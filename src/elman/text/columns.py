"""The two columns that a row is read from: what we call them, and what files do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Columns(NamedTuple):
    """A kind of row, by its two columns.

    Attributes:
        text, label: what messages call them; the options that name them are made of these.
        text_names, label_names: what files call them, likelier names first.
        either_names: such as may be either, the one that stands first being the first.
        by_order: whether of two columns with other names the first is the text.
        other_ways: how else such rows may be written, an end to 'Begin a table with a header such
            as a,b, '.
    """

    text: str
    label: str
    text_names: tuple[str, ...]
    label_names: tuple[str, ...]
    either_names: frozenset[str]
    by_order: bool
    other_ways: str

    @property
    def text_option(self) -> str:
        """As it is typed."""
        return f"--{self.text}-column"

    @property
    def label_option(self) -> str:
        """As it is typed."""
        return f"--{self.label}-column"

    def know(self, text: str, label: str) -> bool:
        """Whether both are names that such columns have in files."""
        text, label = text.casefold(), label.casefold()
        return (text in self.text_names or text in self.either_names) and (
            label in self.label_names or label in self.either_names
        )

    def likeliest(
        self, names: Sequence[str], text: str | None, label: str | None
    ) -> tuple[str | None, str | None]:
        """The text and the label among the names of columns, as far as names tell; those that are
        given stay."""
        text = text or _first_known(self.text_names, names, besides=label)
        label = label or _first_known(self.label_names, names, besides=text)
        rest = [name for name in names if name.casefold() in self.either_names]
        rest = [name for name in rest if name not in (text, label)]
        if text is None and label is None:  # one alone does not tell which of the two it is
            return (rest[0], rest[1]) if len(rest) > 1 else (None, None)
        return text or next(iter(rest), None), label or next(iter(rest), None)


def _first_known(known: Sequence[str], names: Sequence[str], besides: str | None) -> str | None:
    by_spelling = {name.casefold(): name for name in names if name != besides}
    return next((by_spelling[each] for each in known if each in by_spelling), None)


_LANGUAGES = """
arabic bengali bulgarian catalan chinese croatian czech danish dutch english esperanto estonian
finnish french german greek hebrew hindi hungarian icelandic indonesian irish italian japanese
korean latin latvian lithuanian norwegian persian polish portuguese romanian russian serbian slovak
slovenian spanish swahili swedish thai turkish ukrainian vietnamese welsh
ar bg bn ca cs cy da de el en eo es et fa fi fr ga he hi hr hu is it ja ko la lt lv nl no pl pt ro
ru sk sl sr sv sw th tr uk vi zh
"""
"""As columns are called after them. Indonesian has no short name here: `id` numbers rows."""

LABELLED = Columns(
    text="text",
    label="label",
    text_names=(
        *("text", "sentence", "review", "question", "utterance", "query", "request", "content"),
        *("message", "tweet", "post", "comment", "body", "document", "description", "phrase"),
        *("headline", "abstract", "title", "subject", "surname", "name", "word", "input"),
    ),
    label_names=(
        *("label", "class", "category", "intent", "sentiment", "emotion", "polarity", "language"),
        *("lang", "target", "topic", "genre", "tag", "rating", "stars", "y"),
    ),
    either_names=frozenset(),
    by_order=False,
    other_ways="or write JSON lines or fastText's __label__ lines",
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
    other_ways="write JSON lines, or name two files, line by line parallel",
)
