"""A first look at tagged sentences: how many of what, how long, how clean.

Two passes, of which the first ends early for tags without a scheme. Sentences are kept as hashes,
some 100 bytes of memory each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elman.console.inspection import print_shares, spread
from elman.console.terminal import counted
from elman.data.stats import Lengths, hash_of, missing_in
from elman.tasks.inspection import ExamplesInspection, ValidationCheck
from elman.text.tagsets import detect_scheme, illegal_tags

if TYPE_CHECKING:
    from elman.text.tagged import TaggedSource


_FORMATS = {"conll": "CoNLL", "conllu": "CoNLL-U"}


def _illegal(found: TaggedInspection) -> str:
    if not found.illegal:
        return "0"
    return f"{found.illegal:,} in {counted(found.illegal_sentences, 'sentence', 'sentences')}"


_SHOWN = 5


@dataclass(frozen=True)
class TaggedInspection(ExamplesInspection):
    """What a look at tagged sentences found.

    Attributes:
        shape: "conll" or "conllu".
        note: what is remarkable about the columns, or None.
        tags: how many words each has, the commonest first; of sentences without tags, none.
        scheme: of the tags, see elman.text.tagsets.
        illegal: tags that the scheme does not allow where they stand.
        illegal_sentences: those with such tags; `first_illegal`, where the first ones are and why.
        lengths: of sentences, in words.
    """

    shape: str
    note: str | None
    sentences: int
    words: int
    tags: dict[str, int]
    scheme: str
    illegal: int
    illegal_sentences: int
    first_illegal: list[str]
    lengths: Lengths

    @property
    def can_be_learned(self) -> bool:
        """Whether there are tags to tell apart."""
        return len(self.tags) > 1

    def show(self, looks: str) -> None:
        scheme = "none, each tag is a word's own" if self.scheme == "plain" else self.scheme
        rows = [
            ("sentences", f"{self.sentences:,}"),
            ("words", f"{self.words:,}"),
            ("tags", f"{len(self.tags):,}"),
            ("scheme", scheme),
            ("illegal tags", _illegal(self)),
            ("words a sentence", spread(self.lengths)),
            ("duplicate sentences", f"{self.duplicates:,}"),
        ]
        self.show_list("sentences", rows)
        print_shares("tag", self.tags, "words")
        if self.first_illegal:
            print("\nThe first illegal tags:")
            for each in self.first_illegal:
                print(f"  {each}")
        notes = [f"{self.note}."] if self.note else []
        if len(self.tags) < 2:
            tags = "one tag only" if self.tags else "no tags"
            notes.append(f"the words have {tags}; two or more are needed.")
        self.show_notes("sentences", notes, "tag")
        print(f"\n{looks} words with a tag each ({_FORMATS[self.shape]}): a tagger.")


def inspect_source(tagged: TaggedSource, valid: TaggedSource | None = None) -> TaggedInspection:
    """Read tagged sentences and describe them, and what of them stands in `valid` as well.

    Raises:
        EmptyTextError: there are no sentences.
        InputError: they cannot be read.
    """
    scheme = detect_scheme(sentence.tags or () for sentence in tagged.sentences())
    look = _TaggedStatistics(tagged, scheme)
    check = None
    if valid is not None:
        others = _TaggedStatistics(valid, scheme)
        known = look.sentences
        check = ValidationCheck(
            examples=others.sentences.total(),
            in_both=sum(count for code, count in others.sentences.items() if code in known),
            skipped=valid.skipped,
            unknown=missing_in(look.tags, others.tags),
        )
    return TaggedInspection(
        shape=tagged.shape,
        note=tagged.note,
        sentences=look.sentences.total(),
        words=sum(length * count for length, count in look.lengths.items()),
        tags=dict(look.tags.most_common()),
        scheme=scheme,
        illegal=look.illegal,
        illegal_sentences=look.illegal_sentences,
        first_illegal=look.first_illegal,
        lengths=Lengths.of(look.lengths),
        duplicates=look.sentences.total() - len(look.sentences),
        skipped=tagged.skipped,
        valid=check,
    )


class _TaggedStatistics:
    """Counts over the sentences of a source."""

    def __init__(self, source: TaggedSource, scheme: str) -> None:
        self.sentences: Counter[int] = Counter()
        self.lengths: Counter[int] = Counter()
        self.tags: Counter[str] = Counter()
        self.illegal = 0
        self.illegal_sentences = 0
        self.first_illegal: list[str] = []
        for sentence in source.sentences():
            tags = sentence.tags or ()
            self.sentences[hash_of("\t".join(sentence.words))] += 1
            self.lengths[len(sentence.words)] += 1
            self.tags.update(tags)
            wrong = illegal_tags(tags, scheme)
            self.illegal += len(wrong)
            self.illegal_sentences += bool(wrong)
            for each in wrong[: _SHOWN - len(self.first_illegal)]:
                location = sentence.location_of(each.position)
                self.first_illegal.append(f"{location}: {each.reason}")
