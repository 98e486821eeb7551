"""A trace in the terminal: a line for each output, and how far memory reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.console.terminal import counted, share_in_words

if TYPE_CHECKING:
    from elman.explain.trace import LayerTrace, SequenceTrace, StepOutput, Trace


NAMED = 3
"""Tokens that an output rests on, in its line."""
FOR, AGAINST = (31, 119, 180), (230, 120, 20)  # blue and orange, told apart by all eyes


def answered(trace: Trace, output: StepOutput) -> Iterator[str]:
    """A token, and what was answered after it."""
    if output.target is not None:
        share = share_in_words(output.target.probability)
        yield from (_after(trace, output), f"{visible(output.target.text)} {share}")


def next_tokens(trace: Trace, output: StepOutput) -> Iterator[str]:
    """A token, the likeliest next ones, and the probability of the one that came."""
    best = output.predictions[:NAMED]
    yield _after(trace, output)
    yield "  ".join(f"{visible(each.text)} {share_in_words(each.probability)}" for each in best)
    yield "" if output.target is None else share_in_words(output.target.probability)


def written(trace: Trace, output: StepOutput) -> Iterator[str]:  # noqa: ARG001
    """A token that was written, and its probability."""
    if output.target is not None:
        yield from (visible(output.target.text), share_in_words(output.target.probability))


def attended(trace: Trace, output: StepOutput) -> Iterator[str]:
    """The same, and the token of the source with the most attention."""
    yield from written(trace, output)
    if trace.attention is None:
        yield ""
    else:
        weights = trace.attention.weights[output.after]
        yield visible(trace.sequences[trace.attention.source].tokens[int(weights.argmax())])


def forecast(trace: Trace, output: StepOutput) -> Iterator[str]:
    """A step ahead, its median, and the ends of the 80 % interval."""
    low, median, high = (output.quantiles[place].value for place in (1, 2, 3))
    yield from (_after(trace, output), f"{median:.6g}", f"{low:.6g} to {high:.6g}")


def _after(trace: Trace, output: StepOutput) -> str:
    return visible(trace.sequences[output.sequence].tokens[output.after])


class TraceTable(NamedTuple):
    """How the outputs of a trace are printed.

    Attributes:
        columns: the headings, without the last one, of what an output rests on.
        cells: what stands in these columns for an output.
        shaded: whether the text is printed below, each token as strong as the last output rests
            on it.
    """

    columns: tuple[str, ...] = ("after", "answer")
    cells: Callable[[Trace, StepOutput], Iterator[str]] = answered
    shaded: bool = False


def show(trace: Trace, printed: TraceTable) -> None:
    """Print it."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    for column in (*printed.columns, "rests on"):
        table.add_column(column, overflow="fold")
    for output in trace.outputs:
        cells = _plain(printed.cells(trace, output), ", ".join(_attributed_tokens(trace, output)))
        table.add_row(*cells)
    console = Console(highlight=False, markup=False)
    if trace.outputs:
        console.print(table)
    if printed.shaded:
        console.print()
        console.print(_shaded(trace))
    console.print()
    for sequence in trace.sequences:
        for layer in sequence.layers:
            console.print(f"{sequence.name}, {_reach(layer)}")


def visible(token: str) -> str:
    """A token that can be seen: what has no shape as an escape, a boundary as a dot."""
    if token.isspace():
        return printable(token).replace(" ", "␣")
    return printable(token.strip()) or "·"


def printable(text: str) -> str:
    """The same with an escape for what would move the cursor, or do worse."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


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
