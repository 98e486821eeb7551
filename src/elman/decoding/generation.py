"""Generation: each sampled token is the next input, and its text is yielded at once.

Shapes: B rows, V vocabulary.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.decoding.sampling import PENALTY_WINDOW, Sampling
from elman.nn.compiled.language_model import CompiledLanguageModel
from elman.nn.compiled.network import rows_of
from elman.text.tokenizers.tokenizer import BOUNDARY, StreamDecoder, Tokenizer


def generate_text(
    network: CompiledLanguageModel,
    tokenizer: Tokenizer,
    prompt: npt.NDArray[Any],
    *,
    length: int,
    sampling: Sampling,
    stop: Sequence[str] = (),
    seed: int | None = None,
    rows: int = 1,
    prefix: str = "",
) -> Iterator[list[str]]:
    """Continue a prompt; yields, after each token, the text that it adds to each row.

    Args:
        prompt: tokens (T,), T at least 1; their text is not yielded.
        length: most tokens to generate; a BOUNDARY ends a row earlier. An incomplete last
            character is left out.
        sampling: how each token is drawn.
        stop: texts that end a row and are not yielded; the first complete one ends it.
        seed: seed of the draws; None: different at each call.
        rows: B, continuations generated together.
        prefix: end of the prompt's text that is not among its tokens. The generated text
            begins with it, and it is not yielded.
    """
    generator = np.random.default_rng(seed)
    first, one_state = network.read([prompt], network.initial_state(1))
    # Allocate the states first: too many rows for the memory fail here.
    state = rows_of(one_state, np.zeros(rows, dtype=np.int64))
    texts = [GenerationState(prompt, tokenizer, sampling, stop, prefix) for _ in range(rows)]
    first_logits = texts[0].first(first[0])
    logits = np.repeat(first_logits[None], rows, axis=0)
    stream = network.stream(state)

    for _ in range(length):
        uniforms = generator.random(rows).tolist()
        drawn = [text.draw(*each) for text, *each in zip(texts, logits, uniforms, strict=True)]
        yield [piece for _, piece in drawn]
        if all(text.finished for text in texts):
            break
        logits = stream.read([token for token, _ in drawn])
    yield [text.finish() for text in texts]


class GenerationState:
    """State of one text during generation: sampling, recent tokens, stop texts.

    Args:
        prompt, tokenizer, sampling, stop, prefix: as in `generate_text`.
    """

    def __init__(
        self,
        prompt: npt.NDArray[Any],
        tokenizer: Tokenizer,
        sampling: Sampling,
        stop: Sequence[str],
        prefix: str,
    ) -> None:
        self._prompt, self._tokenizer, self._prefix = prompt, tokenizer, prefix
        self._sampling = sampling
        self._recent = deque(prompt[-PENALTY_WINDOW:].tolist(), PENALTY_WINDOW)
        self._stops = _StopDetector(_decoder_after(prompt, tokenizer), stop, prefix)

    @property
    def finished(self) -> bool:
        """Whether the text has ended."""
        return self._stops.finished

    def first(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Logits (V,) of the first token: -inf where its text does not begin with `prefix`."""
        logits = logits.copy()
        if self._prefix:
            logits[~_begins(self._prompt, self._tokenizer, self._prefix)] = -np.inf
        return logits

    def draw(self, logits: npt.NDArray[np.float32], uniform: float) -> tuple[int, str]:
        """Draw a token by a number from [0, 1); returns it and the text that it adds."""
        token = self._sampling.draw(logits, self._recent, uniform)
        self._recent.append(token)
        return token, self._stops.add(token)

    def finish(self) -> str:
        """End the text; returns what was held back as a possible stop text."""
        return self._stops.finish()


def _decoder_after(prompt: npt.NDArray[Any], tokenizer: Tokenizer) -> StreamDecoder:
    """A decoder in the state after the prompt: a word after a word brings its space."""
    decoder = tokenizer.decoder()
    for token in prompt.tolist():
        decoder.feed(token)
    return decoder


def _begins(prompt: npt.NDArray[Any], tokenizer: Tokenizer, prefix: str) -> npt.NDArray[np.bool_]:
    """(V,) bool: whether the text of a token after the prompt begins with `prefix`."""
    decoder, begins = _decoder_after(prompt, tokenizer), []
    for token in range(tokenizer.size):
        probe = copy.copy(decoder)  # a shallow copy: `finish` clears the shared bytes
        begins.append((probe.feed(token) + probe.finish()).startswith(prefix))
    return np.array(begins)


class _StopDetector:
    """Decodes the tokens of one row and ends it at the first stop text."""

    def __init__(self, decoder: StreamDecoder, stop: Sequence[str], prefix: str) -> None:
        self.decoder = decoder
        self.prefix = prefix
        self.stop = [text for text in stop if text]
        self.held = ""
        self.finished = False

    def add(self, token: int) -> str:
        """Add a token; returns the text that cannot be part of a stop text any more."""
        if self.finished:
            return ""
        if token == BOUNDARY:
            return self.finish()
        text = self.decoder.feed(token)
        if text:
            self.held += text.removeprefix(self.prefix)
            self.prefix = ""
        starts = [(self.held.find(text), text) for text in self.stop]
        ends = [(start + len(text), start) for start, text in starts if start >= 0]
        if ends:
            self.finished = True
            return self._release(min(ends)[1])
        keep = max((_overlap(self.held, text) for text in self.stop), default=0)
        return self._release(len(self.held) - keep)

    def finish(self) -> str:
        if self.finished:
            return ""
        self.finished = True
        return self._release(len(self.held))

    def _release(self, count: int) -> str:
        text, self.held = self.held[:count], self.held[count:]
        return text


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that `stop` begins with."""
    return next(n for n in range(min(len(text), len(stop) - 1), -1, -1) if text.endswith(stop[:n]))
