"""Print a trace: a row for each output, and the memory span of each layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elman.console.terminal import counted, share_in_words

if TYPE_CHECKING:
    from elman.explain.trace import CountsPart, LayerTrace, SequenceTrace, StepOutput, Trace

MAX_TOKENS = 3
"""Tokens named in a cell, at most."""
FOR, AGAINST = (31, 119, 180), (230, 120, 20)  # blue and orange suit colour-blind readers


def answered(trace: Trace, output: StepOutput) -> Iterator[str]:
    """The token before an output, and the prediction with its probability."""
    if output.target is not None:
        share = share_in_words(output.target.probability)
        yield from (_after(trace, output), f"{visible(output.target.text)} {share}")


def next_tokens(trace: Trace, output: StepOutput) -> Iterator[str]:
    """The token before an output, the most probable next ones, and the probability of the actual
    one."""
    best = output.predictions[:MAX_TOKENS]
    yield _after(trace, output)
    yield "  ".join(f"{visible(each.text)} {share_in_words(each.probability)}" for each in best)
    yield "" if output.target is None else share_in_words(output.target.probability)


def written(trace: Trace, output: StepOutput) -> Iterator[str]:  # noqa: ARG001
    """A generated token, and its probability."""
    if output.target is not None:
        yield from (visible(output.target.text), share_in_words(output.target.probability))


def attended(trace: Trace, output: StepOutput) -> Iterator[str]:
    """A generated token, its probability, and the source token with the most attention."""
    yield from written(trace, output)
    if trace.attention is None:
        yield ""
    else:
        weights = trace.attention.weights[output.after]
        yield visible(trace.sequences[trace.attention.source].tokens[int(weights.argmax())])


def forecast(trace: Trace, output: StepOutput) -> Iterator[str]:
    """A step of the horizon, its median, and the 80 % interval."""
    low, median, high = (output.quantiles[index].value for index in (1, 2, 3))
    yield from (_after(trace, output), f"{median:.6g}", f"{low:.6g} to {high:.6g}")


def _after(trace: Trace, output: StepOutput) -> str:
    return visible(trace.sequences[output.sequence].tokens[output.after])


class TraceTable(NamedTuple):
    """How the outputs of a trace are printed.

    Attributes:
        columns: headings, without that of the last column, the attribution.
        cells: the cells of an output in these columns.
        shaded: whether to print the text below, shaded by the attribution of the last output.
    """

    columns: tuple[str, ...] = ("after", "answer")
    cells: Callable[[Trace, StepOutput], Iterator[str]] = answered
    shaded: bool = False


def show(trace: Trace, printed: TraceTable) -> None:
    """Print the table, the shaded text if requested, and the memory spans.

    Of a mixture the table has the share of its first part, whose attributions it prints; of a
    linear model beside the network, what it adds to the answer.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    parts = trace.outputs[0].parts if trace.outputs else ()
    shares = [f"{each.name}'s share" for each in parts[:1]]
    with_counts = any(output.counts for output in trace.outputs)
    columns = [*shares, *(["the counts add"] if with_counts else []), "attributed to"]
    for column in (*printed.columns, *columns):
        table.add_column(column, overflow="fold")
    for output in trace.outputs:
        cells = [*printed.cells(trace, output)]
        cells += [share_in_words(each.share) for each in output.parts[:1]]
        if with_counts:
            cells.append("" if output.counts is None else _added(output.counts))
        cells.append(", ".join(_attributed_tokens(trace, output)))
        # Text, not str: cells may hold brackets, which rich would take for markup.
        table.add_row(*map(Text, cells))
    console = Console(highlight=False, markup=False)
    if trace.outputs:
        console.print(table)
        console.print("Attributed by leaving each token out (occlusion).")
    if parts or with_counts:
        console.print("States and attributions are those of the network alone.")
    if printed.shaded:
        console.print()
        console.print(_shaded(trace))
    console.print()
    for sequence in trace.sequences:
        for layer in sequence.layers:
            console.print(f"{sequence.name}, {_memory(layer)}")


def _added(counts: CountsPart) -> str:
    """What a linear model adds to the answer, and the features that add or take most."""
    shown = ", ".join(f"{visible(each.text)} {each.added:+.2g}" for each in counts.features[:3])
    return f"{counts.added:+.2g}" + (f": {shown}" if shown else "")


def visible(token: str) -> str:
    """A token made visible: spaces as ␣, a boundary as a dot, other white space escaped."""
    if token.isspace():
        return printable(token).replace(" ", "␣")
    return printable(token.strip()) or "·"


def printable(text: str) -> str:
    """A text with control characters escaped, as they could move the cursor."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _attributed_tokens(trace: Trace, output: StepOutput) -> Iterator[str]:
    """The tokens with the largest attribution by occlusion, and its value."""
    drops = [
        (float(value), _name(trace.sequences[each.sequence], index))
        for each in output.attributions
        for index, value in enumerate(each.occlusion)
        if np.isfinite(value)
    ]
    for value, name in sorted(drops, key=lambda each: -abs(each[0]))[:MAX_TOKENS]:
        yield f"{name} {value:+.2g}"


def _name(sequence: SequenceTrace, index: int) -> str:
    """A token, or an element of a vector by its number from 1, as many elements are equal."""
    return f"#{index + 1}" if sequence.name == "vector" else visible(sequence.tokens[index])


def _shaded(trace: Trace) -> Any:
    """The text, shaded by the attribution of the last output: blue tokens raise it."""
    from rich.text import Text

    (attribution,) = trace.outputs[-1].attributions
    drops = np.nan_to_num(attribution.occlusion)
    shares = drops / (np.abs(drops).max() or 1.0)
    spaced = trace.network.tokenizers[0] == "word"
    text = Text()
    for token, share in zip(trace.sequences[0].tokens, shares.tolist(), strict=True):
        hue = FOR if share > 0 else AGAINST
        red, green, blue = (round(255 - abs(share) * (255 - part)) for part in hue)
        text.append(printable(token), style=f"black on rgb({red},{green},{blue})")
        text.append(" " * spaced)
    return text


def _memory(layer: LayerTrace) -> str:
    steps = layer.memory.steps
    span = "to the end" if steps is None else f"for {counted(steps, 'step', 'steps')}"
    return f"layer {layer.layer}, {layer.direction}: remembers a token {span}"
