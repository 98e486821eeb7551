"""A first look at running text: how much, of which characters and scripts."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from elman.console.inspection import print_notes
from elman.console.terminal import print_list, share_in_words, size_in_words
from elman.data.corpus_file import TextCount
from elman.errors import EmptyTextError
from elman.tasks.inspection import Inspection
from elman.text.boilerplate import boilerplate_in
from elman.text.sniff import table_in
from elman.text.tokenizers.characters import count_characters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from elman.text.files import TextSource


def _characters(counts: list[tuple[str, int]]) -> str:
    return " ".join("space" if each == " " else repr(each)[1:-1] for each, _ in counts)


_SHOWN = 10
_FIRST_LINES = 200
_MAX_HASHES = 500_000
_SHORT_TEXT = 5_000_000

_HINT = (
    (20_000, "very little: a network will learn it by heart; add text, from 100 kB on"),
    (200_000, "little: enough for the look of words, not for sentences; 1 MB reads better"),
    (2_000_000, "enough for its style and most of its words: minutes of training"),
    (50_000_000, "plenty: a wider network and more minutes will go on getting better"),
)
_NOUNS = {"LETTER", "IDEOGRAPH", "SYLLABLE", "LIGATURE"}
_AMPLE = "more than a network of a few minutes can read once; give it hours, or a part of it"


@dataclass(frozen=True)
class TextInspection(Inspection):
    """What a look at a text found.

    Attributes:
        bytes: on disk.
        commonest: the characters that occur most often, with their counts; `rarest`, least.
        longest_line: in characters.
        words_a_line: the mean over lines that are not blank.
        duplicate_lines: the share of lines, blank ones aside, that occurred before; estimated
            from a sample of the lines where there are more than half a million.
        scripts: the share of each script among the letters, the largest first.
        task: what it looks like: "language", text to continue.
        warning: a table or markup that the text seems to be, or None.
        around: what stands around the text, such as the times of subtitles, or None.
        tokenizer: the suggested tokenizer, and `because`, why.
        amount: how much training data that is.
    """

    documents: int
    bytes: int
    characters: int
    words: int
    lines: int
    distinct_characters: int
    commonest: list[tuple[str, int]]
    rarest: list[tuple[str, int]]
    longest_line: int
    words_a_line: float
    duplicate_lines: float
    scripts: dict[str, float]
    task: str
    warning: str | None
    around: str | None
    tokenizer: str
    because: str
    amount: str

    @property
    def can_be_learned(self) -> bool:
        """Any text can be continued."""
        return True

    @property
    def suggested_options(self) -> dict[str, str]:
        return {"tokenizer": self.tokenizer}

    def show(self, looks: str) -> None:
        scripts = (f"{name} {share_in_words(each)}" for name, each in self.scripts.items())
        print_list(
            [
                ("documents", f"{self.documents:,}"),
                ("size", size_in_words(self.bytes)),
                ("characters", f"{self.characters:,}"),
                ("words", f"{self.words:,}"),
                ("lines", f"{self.lines:,}"),
                ("words a line", f"{self.words_a_line:.1f}"),
                ("longest line", f"{self.longest_line:,}"),
                ("duplicate lines", f"{self.duplicate_lines:.1%}"),
                ("distinct characters", f"{self.distinct_characters:,}"),
                ("commonest", _characters(self.commonest)),
                ("rarest", _characters(self.rarest)),
                ("scripts", ", ".join(scripts)),
            ]
        )
        if self.warning:
            columns = "its texts and labels are read if their columns are named: --text-column NAME"
            print_notes([f"it {self.warning}.", f"{columns} --label-column NAME."])
            looks = "Without these it is"
        if self.around:
            print_notes([f"it {self.around}."])
        print(f"\n{looks} text to continue: a language model.")
        print(f"As training text it is {self.amount}.")
        print(f"Tokenizer: {self.tokenizer} ({self.because}).")


def inspect_source(source: TextSource) -> TextInspection:
    """Read a text once and describe it.

    Raises:
        InputError: it cannot be read.
        EmptyTextError: there is no text.
    """
    look = _TextStatistics()
    counts = count_characters(look.chunks(source))
    if not look.text.characters:
        raise EmptyTextError("holds no text", location=source.name, hint="Name a file with text")
    by_count = _by_count(counts)
    around = boilerplate_in(look.first_lines)
    tokenizer, because = _suggested_tokenizer(look.text.characters, len(by_count))
    return TextInspection(
        documents=look.documents,
        bytes=source.size,
        characters=look.text.characters,
        words=look.text.words,
        lines=look.lines,
        distinct_characters=len(by_count),
        commonest=by_count[:_SHOWN],
        rarest=by_count[: -_SHOWN - 1 : -1],
        longest_line=look.longest_line,
        words_a_line=look.text.words / max(look.filled_lines, 1),
        duplicate_lines=look.repeated.share(),
        scripts=_scripts(counts),
        task="language",
        warning=table_in(look.first_lines),
        around=around.in_words if around else None,
        tokenizer=tokenizer,
        because=because,
        amount=next((said for most, said in _HINT if look.text.characters < most), _AMPLE),
    )


class _TextStatistics:
    """Counts lines while the chunks pass by."""

    def __init__(self) -> None:
        self.text = TextCount()
        self.documents = 0
        self.lines = 0
        self.filled_lines = 0
        self.longest_line = 0
        self.first_lines: list[str] = []
        self.repeated = _Repeated()

    def chunks(self, source: TextSource) -> Iterator[str]:
        for document in source.documents():
            self.documents += 1
            for chunk in self._lines_of(document.chunks()):
                self.text.add(chunk)
                yield chunk
            self.text.end_document()

    def _lines_of(self, chunks: Iterable[str]) -> Iterator[str]:
        unfinished = 0  # characters of a line that is longer than a chunk
        for chunk in chunks:
            lines = chunk.split("\n")
            for line in lines[:-1]:
                self._line(line, unfinished)
                unfinished = 0
            if lines[-1]:
                unfinished += len(lines[-1])
            yield chunk
        if unfinished:
            self._line(lines[-1], unfinished - len(lines[-1]))

    def _line(self, line: str, before: int) -> None:
        """A line's end; `before` characters of it were in earlier chunks."""
        self.lines += 1
        self.longest_line = max(self.longest_line, before + len(line))
        if len(self.first_lines) < _FIRST_LINES:
            self.first_lines.append(line[:1000])
        if before or (line and not line.isspace()):
            self.filled_lines += 1
            self.repeated.add(line)


class _Repeated:
    """How many lines occurred before, by their hashes.

    When there are too many hashes, half of them are dropped, those with the next bit set, and from
    then on all lines whose hash has it: what remains is a fair sample of the different lines, each
    with all of its occurrences.
    """

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._mask = 0

    def add(self, line: str) -> None:
        digest = blake2b(line.encode("utf-8", "replace"), digest_size=8).digest()
        code = int.from_bytes(digest, "little")
        if code & self._mask:
            return
        self._counts[code] += 1
        while len(self._counts) > _MAX_HASHES:
            self._mask = 2 * self._mask + 1
            kept = {code: count for code, count in self._counts.items() if not code & self._mask}
            self._counts = Counter(kept)

    def share(self) -> float:
        total = self._counts.total()
        return (total - len(self._counts)) / total if total else 0.0


def _by_count(counts: NDArray[np.int64]) -> list[tuple[str, int]]:
    seen = np.flatnonzero(counts)
    order = seen[np.argsort(-counts[seen], kind="stable")].tolist()
    return [(chr(code), int(counts[code])) for code in order]


def _scripts(counts: NDArray[np.int64]) -> dict[str, float]:
    """Shares of the letters by script, which is how the Unicode names of letters begin."""
    found: Counter[str] = Counter()
    for code in np.flatnonzero(counts).tolist():
        if chr(code).isalpha():
            name = unicodedata.name(chr(code), "").replace("-", " ").split()
            # Not so the masculine ordinal indicator and its like, which are of no script.
            script = name[0] if _NOUNS.intersection(name) else "other"
            found[script.lower()] += int(counts[code])
    return {script: count / found.total() for script, count in found.most_common()}


def _suggested_tokenizer(characters: int, distinct: int) -> tuple[str, str]:
    if distinct > 1000:
        return "subword", f"{distinct} different characters are many; bytes and their pairs fewer"
    if characters < _SHORT_TEXT:
        return "character", "in a text of this size letters recur often, most words seldom"
    return "subword", "the text is long enough to learn whole pieces of words, which read faster"
