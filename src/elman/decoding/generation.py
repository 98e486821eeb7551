"""Writing: each token drawn is read again, and its text is handed on at once.

Shapes: B rows, V vocabulary.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from elman.cells import map_state
from elman.decoding.incremental import read
from elman.decoding.sampling import REMEMBERED, Sampling
from elman.nn.language_model import LanguageModelNetwork
from elman.nn.native_step import Step, step_of, stream_of
from elman.text.tokenizers.tokenizer import BOUNDARY, StreamDecoder, Tokenizer


def generate_text(
    network: LanguageModelNetwork,
    tokenizer: Tokenizer,
    prompt: npt.NDArray[Any],
    *,
    length: int,
    sampling: Sampling,
    stop: Sequence[str] = (),
    seed: int | None = None,
    rows: int = 1,
    lead: str = "",
    step: Step | None = None,
) -> Iterator[list[str]]:
    """Continue a prompt; after each token, the text that it adds to each row.

    Args:
        prompt: tokens (T,), T at least 1; its text is not given again.
        length: tokens to write at most; a BOUNDARY ends a row before that. A character whose
            last bytes are still to come by then is left out.
        stop: texts that end a row, not given out themselves; the first to be complete ends it.
        seed: of the draws; None draws otherwise every time.
        rows: how many continuations at once, B.
        lead: text that the prompt ends in, but not its tokens: what is written begins with it,
            and it is not given again either.
        step: the network's, where the caller has one ready.
    """
    generator = np.random.default_rng(seed)
    step = step_of(network) if step is None else step
    first, one_state = read(network, prompt, network.initial_state(1), step)
    # The largest first: more rows than memory holds are refused here, all at once.
    state = map_state(lambda part: part.repeat(rows, *[1] * (part.dim() - 1)), one_state)
    hands = [GenerationState(prompt, tokenizer, sampling, stop, lead) for _ in range(rows)]
    only = hands[0].first(first[0].numpy(force=True))
    logits = np.repeat(only[None], rows, axis=0)
    stream = stream_of(step, state)

    for _ in range(length):
        chances = generator.random(rows).tolist()
        drawn = [hand.write(*each) for hand, *each in zip(hands, logits, chances, strict=True)]
        yield [text for _, text in drawn]
        if all(hand.lifted for hand in hands):
            break
        logits = stream.read([token for token, _ in drawn])
    yield [hand.finish() for hand in hands]


class GenerationState:
    """A text that is being written: how it draws, what it remembers, and what it has put down.

    Args:
        prompt, sampling, stop, lead: as `generate_text` has them.
    """

    def __init__(
        self,
        prompt: npt.NDArray[Any],
        tokenizer: Tokenizer,
        sampling: Sampling,
        stop: Sequence[str],
        lead: str,
    ) -> None:
        self._prompt, self._tokenizer, self._lead = prompt, tokenizer, lead
        self._sampling = sampling
        self._recent = deque(prompt[-REMEMBERED:].tolist(), REMEMBERED)
        self._pen = _StopDetector(_decoder_after(prompt, tokenizer), stop, lead)

    @property
    def lifted(self) -> bool:
        """Whether the text has come to its end."""
        return self._pen.lifted

    def first(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """What the first token is drawn from: (V,) without those that do not begin as `lead`."""
        logits = logits.copy()
        if self._lead:
            logits[~_begins(self._prompt, self._tokenizer, self._lead)] = -np.inf
        return logits

    def write(self, logits: npt.NDArray[np.float32], chance: float) -> tuple[int, str]:
        """The token that falls to a chance from [0, 1), and the text that it adds."""
        token = self._sampling.draw(logits, self._recent, chance)
        self._recent.append(token)
        return token, self._pen.write(token)

    def finish(self) -> str:
        """What was still held back."""
        return self._pen.finish()


def _decoder_after(prompt: npt.NDArray[Any], tokenizer: Tokenizer) -> StreamDecoder:
    """A decoder that stands where the prompt ends: a word after a word brings its space."""
    decoder = tokenizer.decoder()
    for token in prompt.tolist():
        decoder.feed(token)
    return decoder


def _begins(prompt: npt.NDArray[Any], tokenizer: Tokenizer, lead: str) -> npt.NDArray[np.bool_]:
    """(V,) bool: the tokens whose text, after the prompt, begins with `lead`."""
    decoder, found = _decoder_after(prompt, tokenizer), []
    for token in range(tokenizer.size):
        probe = copy.copy(decoder)  # `finish` leaves nothing in the bytes that they share
        found.append((probe.feed(token) + probe.finish()).startswith(lead))
    return np.array(found)


class _StopDetector:
    """One row's text: bytes and spaces put together, stop texts watched for."""

    def __init__(self, decoder: StreamDecoder, stop: Sequence[str], lead: str) -> None:
        self.decoder = decoder
        self.lead = lead
        self.stop = [text for text in stop if text]
        self.held = ""
        self.lifted = False

    def write(self, token: int) -> str:
        """The text that is sure by now: what may begin a stop text is held back."""
        if self.lifted:
            return ""
        if token == BOUNDARY:
            return self.finish()
        text = self.decoder.feed(token)
        if text:
            self.held += text.removeprefix(self.lead)
            self.lead = ""
        found = [(self.held.find(text), text) for text in self.stop]
        ends = [(place + len(text), place) for place, text in found if place >= 0]
        if ends:
            self.lifted = True
            return self._release(min(ends)[1])
        keep = max((_overlap(self.held, text) for text in self.stop), default=0)
        return self._release(len(self.held) - keep)

    def finish(self) -> str:
        if self.lifted:
            return ""
        self.lifted = True
        return self._release(len(self.held))

    def _release(self, count: int) -> str:
        text, self.held = self.held[:count], self.held[count:]
        return text


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of `text` begin `stop`."""
    return next(n for n in range(min(len(text), len(stop) - 1), -1, -1) if text.endswith(stop[:n]))
