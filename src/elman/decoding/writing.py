"""Writing: each symbol drawn is read again, and its text is handed on at once.

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
from elman.decoding.reading import read
from elman.decoding.sampling import REMEMBERED, Sampling
from elman.network import Step, SymbolNetwork, stepper, stream_of
from elman.text import BOUNDARY, Decoder, Unit


def write(
    network: SymbolNetwork,
    unit: Unit,
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
    """Continue a prompt; after each symbol, the text that it adds to each row.

    Args:
        prompt: symbols (T,), T at least 1; its text is not given again.
        length: symbols to write at most; a BOUNDARY ends a row before that. A character whose
            last bytes are still to come by then is left out.
        stop: texts that end a row, not given out themselves; the first to be complete ends it.
        seed: of the draws; None draws otherwise every time.
        rows: how many continuations at once, B.
        lead: text that the prompt ends in, but not its symbols: what is written begins with it,
            and it is not given again either.
        step: the network's, where the caller has one ready.
    """
    generator = np.random.default_rng(seed)
    step = stepper(network) if step is None else step
    first, one_state = read(network, prompt, network.initial_state(1), step)
    logits = first.expand(rows, -1).numpy(force=True).copy()
    state = map_state(lambda part: part.repeat(rows, *[1] * (part.dim() - 1)), one_state)
    stream = stream_of(step, state)
    recent = [deque(prompt[-REMEMBERED:].tolist(), REMEMBERED) for _ in range(rows)]
    pens = [_Pen(_decoder_after(prompt, unit), stop, lead) for _ in range(rows)]
    if lead:
        logits[:, ~_begins(prompt, unit, lead)] = -np.inf

    for _ in range(length):
        chances = generator.random(rows).tolist()
        symbols = list(map(sampling.draw, logits, recent, chances))
        yield [pen.write(symbol) for pen, symbol in zip(pens, symbols, strict=True)]
        if all(pen.lifted for pen in pens):
            break
        for before, symbol in zip(recent, symbols, strict=True):
            before.append(symbol)
        logits = stream.read(symbols)
    yield [pen.finish() for pen in pens]


def _decoder_after(prompt: npt.NDArray[Any], unit: Unit) -> Decoder:
    """A decoder that stands where the prompt ends: a word after a word brings its space."""
    decoder = unit.decoder()
    for symbol in prompt.tolist():
        decoder.feed(symbol)
    return decoder


def _begins(prompt: npt.NDArray[Any], unit: Unit, lead: str) -> npt.NDArray[np.bool_]:
    """(V,) bool: the symbols whose text, after the prompt, begins with `lead`."""
    decoder, found = _decoder_after(prompt, unit), []
    for symbol in range(unit.size):
        probe = copy.copy(decoder)  # `finish` leaves nothing in the bytes that they share
        found.append((probe.feed(symbol) + probe.finish()).startswith(lead))
    return np.array(found)


class _Pen:
    """One row's text: bytes and spaces put together, stop texts watched for."""

    def __init__(self, decoder: Decoder, stop: Sequence[str], lead: str) -> None:
        self.decoder = decoder
        self.lead = lead
        self.stop = [text for text in stop if text]
        self.held = ""
        self.lifted = False

    def write(self, symbol: int) -> str:
        """The text that is sure by now: what may begin a stop text is held back."""
        if self.lifted:
            return ""
        if symbol == BOUNDARY:
            return self.finish()
        text = self.decoder.feed(symbol)
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
