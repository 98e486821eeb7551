"""The table of tokenizers: characters, words, subwords.

Every tokenizer is lossless for any text in any script, because each of the 256 bytes is a token.
"""

from __future__ import annotations

from elman.text.tokenizers.characters import Characters
from elman.text.tokenizers.subwords import Subwords
from elman.text.tokenizers.tokenizer import Tokenizer, damaged
from elman.text.tokenizers.words import Words

TOKENIZERS: dict[str, type[Tokenizer]] = {
    tokenizer.name: tokenizer for tokenizer in (Characters, Words, Subwords)
}


def tokenizer_from_json(value: object) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_json` wrote.

    Raises:
        ModelFileError: the value is malformed.
    """
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in TOKENIZERS:
        raise damaged(f"tokenizer {name!r} is not one of {', '.join(TOKENIZERS)}")
    return TOKENIZERS[name].from_json(value)
