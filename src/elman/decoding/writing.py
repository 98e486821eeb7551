"""Writing: each symbol drawn is read again, and its text is handed on at once.

Shapes: B rows, V vocabulary.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from elman.cells import map_state
from elman.decoding.reading import read
from elman.decoding.sampling import REMEMBERED, Sampling
from elman.network import SymbolNetwork
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
    """
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    first, one_state = read(network, prompt, network.initial_state(1))
    logits = first.expand(rows, -1)
    state = map_state(lambda part: part.repeat(rows, *[1] * (part.dim() - 1)), one_state)
    recent = torch.as_tensor(prompt[-REMEMBERED:].astype(np.int64)).repeat(rows, 1)
    pens = [_Pen(_decoder_after(prompt, unit), stop, lead) for _ in range(rows)]
    if lead:
        logits = logits.masked_fill(~_begins(prompt, unit, lead).to(logits.device), -torch.inf)

    for _ in range(length):
        probabilities = sampling.probabilities(logits.float().cpu(), recent)
        symbols = torch.multinomial(probabilities, 1, generator=generator)  # (B, 1)
        yield [pen.write(int(symbol)) for pen, symbol in zip(pens, symbols, strict=True)]
        if all(pen.lifted for pen in pens):
            break
        recent = torch.cat([recent, symbols], dim=1)[:, -REMEMBERED:]
        logits, state = _step(network, symbols, state)
    yield [pen.finish() for pen in pens]


def _step(network: SymbolNetwork, symbols: Tensor, state: Any) -> tuple[Tensor, Any]:
    with torch.inference_mode():
        logits, state = network(symbols.to(next(network.parameters()).device), state)
    return logits[:, -1], state


def _decoder_after(prompt: npt.NDArray[Any], unit: Unit) -> Decoder:
    """A decoder that stands where the prompt ends: a word after a word brings its space."""
    decoder = unit.decoder()
    for symbol in prompt.tolist():
        decoder.feed(symbol)
    return decoder


def _begins(prompt: npt.NDArray[Any], unit: Unit, lead: str) -> Tensor:
    """(V,) bool: the symbols whose text, after the prompt, begins with `lead`."""
    decoder, found = _decoder_after(prompt, unit), []
    for symbol in range(unit.size):
        probe = copy.copy(decoder)  # `finish` leaves nothing in the bytes that they share
        found.append((probe.feed(symbol) + probe.finish()).startswith(lead))
    return torch.tensor(found)


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
