"""Subword tokenizer: byte-pair encoding (Sennrich et al. 2016) over bytes, as in GPT-2.

The i-th merge with a new result makes token 257 + i, so the merges determine the vocabulary.
Shapes: V tokens in the vocabulary, N tokens of one text.
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
"""The largest vocabulary where no size is given, in tokens."""

CHARACTERS_PER_MERGE = 200
"""A short text gets one merge per this many characters, so that each merge has some evidence."""

MAX_TRAINING_LENGTH = 100_000_000
"""The most characters to learn merges from; a longer text is sampled in evenly spaced chunks."""

MAX_LENGTH = 100
"""The longest token, in bytes, so that a line of dashes does not become one token."""

_PIECE = 1 << 18
"""Characters encoded together; the encoder needs many times their size in memory."""

_TRAINING_PIECE = 1 << 14
"""Characters given to the trainer together; larger pieces take twice as long."""

# The pre-tokenization of GPT-2, as a pattern of Python's `re`.
_PRETOKENS = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[^\W\d_]+| ?\d+| ?(?:_|[^\s\w])+|\s+(?!\S)|\s+")

_MAX_CACHED = 200_000  # pre-tokens
_MAX_CACHED_LENGTH = 40  # characters of one


class Subwords(Tokenizer):
    """The byte-pair encoding of a text.

    Args:
        merges: pairs of tokens; each makes the next token from two earlier ones.
    """

    name: ClassVar[str] = "subword"

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        self.merges = list(merges)
        self._spellings = _spellings(self.merges)
        self._cache: dict[str, tuple[int, ...]] = {}

    @classmethod
    def learn(cls, chunks: Iterable[str], *, size: int | None = None) -> Self:
        checked_size(size, DEFAULT_SIZE, FIRST_OWN, cls.name)
        sample = _evenly_spaced(chunks, MAX_TRAINING_LENGTH)
        if size is None:
            characters = sum(map(len, sample))
            size = min(DEFAULT_SIZE, FIRST_OWN + characters // CHARACTERS_PER_MERGE)
        return cls(_learn_merges(sample, size - FIRST_OWN))

    @property
    def size(self) -> int:
        return len(self._spellings)

    def encode(self, text: str) -> Tokens:
        parts = [self._encode_piece(piece) for piece in _pieces(without_surrogates(text), _PIECE)]
        return np.concatenate([np.zeros(0, dtype=np.int32), *parts])

    def _encode_piece(self, text: str) -> Tokens:
        """Encode a piece with a cache of pre-tokens: words repeat often."""
        if len(self._cache) > _MAX_CACHED:
            self._cache.clear()
        pretokens = _PRETOKENS.findall(text)
        unseen = list(set(pretokens).difference(self._cache))
        merged = self._tokenizer.encode_batch_fast(unseen)
        self._cache.update(zip(unseen, (tuple(m.ids) for m in merged), strict=True))
        tokens = chain.from_iterable(map(self._cache.__getitem__, pretokens))
        encoded = np.fromiter(tokens, dtype=np.int32)
        for pretoken in unseen:
            if len(pretoken) > _MAX_CACHED_LENGTH:
                del self._cache[pretoken]
        return encoded

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
        """Built from the checked merges, never from a file of the tokenizers library."""
        from tokenizers import models

        letter = _letters()
        names = ["".join(letter[byte] for byte in spelling) for spelling in self._spellings]
        vocabulary = {name: token for token, name in enumerate(names) if token != BOUNDARY}
        merges = [(names[left], names[right]) for left, right in self.merges]
        return _byte_level(models.BPE(vocab=vocabulary, merges=merges))


def _spellings(merges: Sequence[tuple[int, int]]) -> list[bytes]:
    """The bytes of each token. Two merges with the same bytes make one token."""
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
            raise damaged(f"merge {number} occurs twice")
        # Check lengths before the bytes are made: merges that double the length would fill memory.
        if lengths[left] + lengths[right] > MAX_LENGTH:
            raise damaged(f"merge {number} makes a token of more than {MAX_LENGTH} bytes")
        seen.add((left, right))
        lengths.append(lengths[left] + lengths[right])


def _learn_merges(sample: list[str], merges: int) -> list[tuple[int, int]]:
    from tokenizers import models, trainers

    letter = _letters()
    tokenizer = _byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=len(BYTES) + merges,
        min_frequency=2,
        max_token_length=MAX_LENGTH,
        initial_alphabet=letter,
        show_progress=False,
    )
    pieces = (piece for chunk in sample for piece in _pieces(chunk, _TRAINING_PIECE))
    tokenizer.train_from_iterator(pieces, trainer)
    token_of = {letter[byte]: FIRST_BYTE + byte for byte in range(256)}
    learned = []
    for left, right in json.loads(tokenizer.to_str())["model"]["merges"]:
        learned.append((token_of[left], token_of[right]))
        token_of.setdefault(left + right, len(token_of) + FIRST_BYTE)
    return learned


def _byte_level(model: Any) -> BPETokenizer:
    from tokenizers import Tokenizer as BPETokenizer
    from tokenizers import pre_tokenizers

    tokenizer = BPETokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def _letters() -> list[str]:
    """The printable letter that represents each byte in byte-level tokenizers (GPT-2's table)."""
    printable = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    stand_ins = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(stand_ins)) for byte in range(256)]


def _evenly_spaced(chunks: Iterable[str], max_characters: int) -> list[str]:
    """Every 2^k-th chunk, for the smallest k with at most about `max_characters` in total."""
    sample: list[str] = []
    characters, stride = 0, 1
    for number, chunk in enumerate(chunks):
        if number % stride:
            continue
        sample.append(without_surrogates(chunk))
        characters += len(chunk)
        if characters > max_characters and len(sample) > 1:
            sample = sample[::2]
            stride *= 2
            characters = sum(map(len, sample))
    return sample


def _pieces(text: str, size: int) -> Iterator[str]:
    """The text cut after newlines into pieces of at most `size` characters."""
    start = 0
    while start < len(text):
        end = start + size
        if end < len(text):
            end = text.rfind("\n", start, end) + 1 or end
        yield text[start:end]
        start = end
