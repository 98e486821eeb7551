"""Subwords: byte-pair encoding over bytes (Sennrich et al. 2016; bytes as in GPT-2).

V the number of tokens, N the number of tokens of one text. Token 257 + i is made by the i-th
merge that makes something new, so the merges alone are the whole vocabulary.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from elman.text.byte_decoding import without_surrogates
from elman.text.tokenizers.tokenizer import (
    BOUNDARY,
    BYTES,
    FIRST_BYTE,
    FIRST_OWN,
    ByteDecoder,
    StreamDecoder,
    Tokenizer,
    checked_size,
    damaged,
    fields,
    known,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer as BPETokenizer

    from elman.text.tokenizers.tokenizer import Tokens


DEFAULT_SIZE = 4096

CHARACTERS_A_MERGE = 200
"""A small text gets fewer merges than the default: each should rest on some evidence."""

MAX_LEARNED_FROM = 100_000_000
"""Characters that merges are learned from; of a longer text, chunks spread evenly over it."""

LONGEST = 100
"""Bytes in one token, so that a line of dashes does not become one."""

_PIECE = 1 << 18
"""Characters encoded together; what the tokenizer makes of them is many times their size."""

_PIECE_TO_LEARN = 1 << 14
"""Characters learned from together: with larger pieces the tokenizer takes twice as long."""

# Where GPT-2's tokenizer cuts a text before it merges anything, in the words of Python's `re`.
_CUTS = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:_|[^\s\w])+|\s+(?!\S)|\s+")

_MAX_REMEMBERED = 200_000
_LONGEST_REMEMBERED = 40


class Subwords(Tokenizer):
    """The tokenizer between characters and words.

    Args:
        merges: pairs of tokens; each joins two earlier ones into the next.
    """

    name: ClassVar[str] = "subword"

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        self.merges = list(merges)
        self._spellings = _spellings(self.merges)
        self._remembered: dict[str, tuple[int, ...]] = {}

    @classmethod
    def learn(cls, chunks: Iterable[str], *, size: int | None = None) -> Self:
        checked_size(size, DEFAULT_SIZE, FIRST_OWN, cls.name)
        sample = _evenly_spread(chunks, MAX_LEARNED_FROM)
        if size is None:
            characters = sum(map(len, sample))
            size = min(DEFAULT_SIZE, FIRST_OWN + characters // CHARACTERS_A_MERGE)
        return cls(_learn_merges(sample, size - FIRST_OWN))

    @property
    def size(self) -> int:
        return len(self._spellings)

    def encode(self, text: str) -> Tokens:
        found = [self._encode_piece(piece) for piece in _pieces(without_surrogates(text), _PIECE)]
        return np.concatenate([np.zeros(0, dtype=np.int32), *found])

    def _encode_piece(self, text: str) -> Tokens:
        """Text is mostly the same words again: each new one is merged once and remembered."""
        if len(self._remembered) > _MAX_REMEMBERED:
            self._remembered.clear()
        cuts = _CUTS.findall(text)
        unseen = list(set(cuts).difference(self._remembered))
        merged = self._tokenizer.encode_batch_fast(unseen)
        self._remembered.update(zip(unseen, (tuple(m.ids) for m in merged), strict=True))
        tokens = chain.from_iterable(map(self._remembered.__getitem__, cuts))
        found = np.fromiter(tokens, dtype=np.int32)
        for cut in unseen:
            if len(cut) > _LONGEST_REMEMBERED:
                del self._remembered[cut]
        return found

    def decode(self, ids: Sequence[int] | NDArray[Any]) -> str:
        spellings = self._spellings
        return b"".join([spellings[i] for i in known(ids, self.size)]).decode("utf-8", "replace")

    def decoder(self) -> StreamDecoder:
        return ByteDecoder(self._spellings)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "merges": [list(pair) for pair in self.merges]}

    @classmethod
    def from_json(cls, value: object) -> Self:
        merges = fields(value, cls.name, merges=list)["merges"]
        _check(merges)
        return cls([(left, right) for left, right in merges])

    @cached_property
    def _tokenizer(self) -> BPETokenizer:
        """Built from the checked merges, never from a tokenizer's own file."""
        from tokenizers import models

        letter = _letters()
        names = ["".join(letter[byte] for byte in spelling) for spelling in self._spellings]
        vocabulary = {name: token for token, name in enumerate(names) if token != BOUNDARY}
        merges = [(names[left], names[right]) for left, right in self.merges]
        return _byte_level(models.BPE(vocab=vocabulary, merges=merges))


def _spellings(merges: Sequence[tuple[int, int]]) -> list[bytes]:
    """The bytes of each token. Two merges may lead to the same bytes: that is one token."""
    spellings = [b"", *BYTES]
    seen = set(spellings)
    for left, right in merges:
        joined = spellings[left] + spellings[right]
        if joined not in seen:
            seen.add(joined)
            spellings.append(joined)
    return spellings


def _check(merges: list[object]) -> None:
    """Raises ModelFileError unless each merge joins two earlier tokens into a short one."""
    lengths = [0] + [1] * len(BYTES)
    seen: set[tuple[int, int]] = set()
    for number, pair in enumerate(merges, start=1):
        if not isinstance(pair, list) or len(pair) != 2:
            raise damaged(f"merge {number} is not a pair")
        left, right = pair
        if type(left) is not int or type(right) is not int:
            raise damaged(f"merge {number} is not of two tokens")
        if not (BOUNDARY < left < len(lengths) and BOUNDARY < right < len(lengths)):
            raise damaged(f"merge {number} is of tokens that do not exist yet")
        if (left, right) in seen:
            raise damaged(f"merge {number} is there twice")
        # Lengths are checked before the bytes exist: merges that double would fill the memory.
        if lengths[left] + lengths[right] > LONGEST:
            raise damaged(f"merge {number} makes a token of more than {LONGEST} bytes")
        seen.add((left, right))
        lengths.append(lengths[left] + lengths[right])


def _learn_merges(sample: list[str], merges: int) -> list[tuple[int, int]]:
    from tokenizers import models, trainers

    letter = _letters()
    tokenizer = _byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=len(BYTES) + merges,
        min_frequency=2,
        max_token_length=LONGEST,
        initial_alphabet=letter,
        show_progress=False,
    )
    pieces = (piece for chunk in sample for piece in _pieces(chunk, _PIECE_TO_LEARN))
    tokenizer.train_from_iterator(pieces, trainer)
    token_of = {letter[byte]: FIRST_BYTE + byte for byte in range(256)}
    found = []
    for left, right in json.loads(tokenizer.to_str())["model"]["merges"]:
        found.append((token_of[left], token_of[right]))
        token_of.setdefault(left + right, len(token_of) + FIRST_BYTE)
    return found


def _byte_level(model: Any) -> BPETokenizer:
    from tokenizers import Tokenizer as BPETokenizer
    from tokenizers import pre_tokenizers

    tokenizer = BPETokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def _letters() -> list[str]:
    """The printable letter that byte-level tokenizers write for each byte (GPT-2's table)."""
    printable = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    stand_ins = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(stand_ins)) for byte in range(256)]


def _evenly_spread(chunks: Iterable[str], most: int) -> list[str]:
    """Every 2^k-th chunk, for the smallest k that keeps at most about `most` characters."""
    kept: list[str] = []
    characters, stride = 0, 1
    for number, chunk in enumerate(chunks):
        if number % stride:
            continue
        kept.append(without_surrogates(chunk))
        characters += len(chunk)
        if characters > most and len(kept) > 1:
            kept = kept[::2]
            stride *= 2
            characters = sum(map(len, kept))
    return kept


def _pieces(text: str, size: int) -> Iterator[str]:
    """The text cut after newlines into pieces of at most `size` characters."""
    start = 0
    while start < len(text):
        end = start + size
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        yield text[start:end]
        start = end
