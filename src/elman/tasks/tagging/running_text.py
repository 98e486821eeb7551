"""Running text for a tagger: each line is a sentence, split into words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from elman.text.conll import LINE_ENDS, ConllLayout, TaggedSentence
from elman.text.subword_hashing import words_of

_LAYOUT = ConllLayout("conll", columns=1, word=1, tag=2, tabs=True)
_TAG = re.compile(r"[BIESLU][-_]\S+")
_END = re.compile(r"\w[.!?…。！？]+[\"'”’»)]*")  # of a sentence, in its last word
_MANY = 6  # words of a row without an end
_SHARE = 0.5  # of the row's words that are not tags


def is_running_text(row: str, tags: Collection[str]) -> bool:
    """Whether a row is a sentence, and not a word with columns beside it.

    Args:
        row: a line without its ending.
        tags: those that the model knows; a row that ends with one is a word with its tag.
    """
    fields = row.split()
    if "\t" in row or len(fields) < 2 or fields[-1] in tags:
        return False
    words = [each for each in fields if not (_TAG.match(each) or _has_no_small_letter(each))]
    ends = _END.search(fields[-1]) is not None or len(fields) >= _MANY
    return ends and len(words) > _SHARE * len(fields)


def sentences_of(lines: Iterable[str], name: str) -> Iterator[TaggedSentence]:
    """A sentence for each line that is not blank, to be written one word a line.

    Args:
        lines: running text.
        name: of its file.
    """
    for number, line in enumerate(lines, start=1):
        words = words_of(line.rstrip(LINE_ENDS))
        if words:
            written = (*(f"{word}\n" for word in words), "\n")
            rows = tuple(range(len(words)))
            yield TaggedSentence(tuple(words), None, name, written, rows, number, _LAYOUT)


def _has_no_small_letter(field: str) -> bool:
    """Whether a field has no letter, or only capitals, as a tag; scripts without case have none."""
    return not any(each.isalpha() and not each.isupper() for each in field)
