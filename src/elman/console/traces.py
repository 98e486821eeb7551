"""A trace in the terminal: a line for each output, and how far memory reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.console.terminal import counted, share_in_words

if TYPE_CHECKING:
    from elman.explain.trace import LayerTrace, SequenceTrace, StepOutput, Trace


NAMED = 3
"""Tokens that an output rests on, in its line."""
FOR, AGAINST = (31, 119, 180), (230, 120, 20)  # blue and orange, told apart by all eyes


def show(trace: Trace) -> None:
    """Print it."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    for column in _COLUMNS.get(trace.task, ("after", "answer")):
        table.add_column(column, overflow="fold")
    table.add_column("rests on", overflow="fold")
    for output in trace.outputs:
        table.add_row(*_plain(_cells(trace, output), ", ".join(_attributed_tokens(trace, output))))
    console = Console(highlight=False, markup=False)
    if trace.outputs:
        console.print(table)
    if trace.task == "classify":
        console.print()
        console.print(_shaded(trace))
    console.print()
    for sequence in trace.sequences:
        for layer in sequence.layers:
            console.print(f"{sequence.name}, {_reach(layer)}")


_COLUMNS = {
    "language": ("after", "comes next", "came"),
    "translate": ("wrote", "probability", "looked at"),
    "describe": ("wrote", "probability"),
    "tag": ("word", "tag"),
    "forecast": ("step", "median", "80 %"),
}
"""By task; of others the token and what was answered after it."""


def visible(token: str) -> str:
    """A token that can be seen: what has no shape as an escape, a boundary as a dot."""
    if token.isspace():
        return printable(token).replace(" ", "␣")
    return printable(token.strip()) or "·"


def printable(text: str) -> str:
    """The same with an escape for what would move the cursor, or do worse."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _cells(trace: Trace, output: StepOutput) -> Iterator[str]:
    """What stands in the columns of one output."""
    token = visible(trace.sequences[output.sequence].tokens[output.after])
    target = output.target
    if output.quantiles:
        low, median, high = (output.quantiles[place].value for place in (1, 2, 3))
        yield from (token, f"{median:.6g}", f"{low:.6g} to {high:.6g}")
    elif trace.task == "language":
        best = output.predictions[:NAMED]
        yield token
        yield "  ".join(f"{visible(each.text)} {share_in_words(each.probability)}" for each in best)
        yield "" if target is None else share_in_words(target.probability)
    elif target is not None and trace.task in ("translate", "describe"):
        yield from (visible(target.text), share_in_words(target.probability))
        if trace.task == "translate":
            yield _looked_at(trace, output)
    elif target is not None:
        yield from (token, f"{visible(target.text)} {share_in_words(target.probability)}")


def _looked_at(trace: Trace, output: StepOutput) -> str:
    if trace.attention is None:
        return ""
    weights = trace.attention.weights[output.after]
    return visible(trace.sequences[trace.attention.source].tokens[int(weights.argmax())])


def _attributed_tokens(trace: Trace, output: StepOutput) -> Iterator[str]:
    """The tokens that matter most to an output, with what it loses without each."""
    lost = [
        (float(value), _name(trace.sequences[each.sequence], place))
        for each in output.attributions
        for place, value in enumerate(each.occlusion)
        if np.isfinite(value)
    ]
    for value, name in sorted(lost, key=lambda each: -abs(each[0]))[:NAMED]:
        yield f"{name} {value:+.2g}"


def _name(sequence: SequenceTrace, place: int) -> str:
    """A token, or a vector's number by its place from 1: many of its numbers are alike."""
    return f"#{place + 1}" if sequence.name == "vector" else visible(sequence.tokens[place])


def _shaded(trace: Trace) -> Any:
    """The text, each token as strong as the last answer rests on it; blue is for it."""
    from rich.text import Text

    (attribution,) = trace.outputs[-1].attributions
    lost = np.nan_to_num(attribution.occlusion)
    shares = lost / (np.abs(lost).max() or 1.0)
    spaced = trace.network.tokenizers[0] == "word"
    text = Text()
    for token, share in zip(trace.sequences[0].tokens, shares.tolist(), strict=True):
        hue = FOR if share > 0 else AGAINST
        red, green, blue = (round(255 - abs(share) * (255 - part)) for part in hue)
        text.append(printable(token), style=f"black on rgb({red},{green},{blue})")
        text.append(" " * spaced)
    return text


def _reach(layer: LayerTrace) -> str:
    steps = layer.memory.steps
    told = f"layer {layer.layer}, {layer.direction}: "
    if steps is None:
        return told + "it remembers a token to the end"
    return told + f"a token counts for {counted(steps, 'step', 'steps')}"


def _plain(cells: Iterator[str], rests: str) -> list[Any]:
    """Cells that are printed as they are, whatever is in them."""
    from rich.text import Text

    return [Text(cell) for cell in (*cells, rests)]
