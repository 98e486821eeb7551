"""elman score: how probable each line is to a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from elman.cli.inputs import Inputs, files_and_texts
from elman.cli.load_model import load_language_model
from elman.console.options import Encoding, Int8, Json, ModelFile
from elman.console.terminal import json_line, working
from elman.errors import EmptyTextError, SettingError
from elman.tasks.options import SHEET, typed_options

if TYPE_CHECKING:
    from elman.tasks.language_modeling.line_scores import LineScore
    from elman.text.example_reader import Example


def score(
    model: ModelFile,
    inputs: Inputs = None,
    text_column: Annotated[
        str | None,
        typer.Option(
            help="Column of a table to score (default: the one that the model was trained on)."
        ),
    ] = None,
    sheet: Annotated[str | None, typer.Option(help=SHEET.help)] = None,
    encoding: Encoding = "utf-8",
    int8: Int8 = False,
    json: Json = False,
) -> None:
    """Score lines with a language model: rank, nats, perplexity.

    Finds unusual lines, or the best of some.

    Prints a table with a row for each line: its rank, from 1 for the lowest perplexity; its nats,
    the negative log-probability of its tokens and of the line end; the perplexity per token; and
    the line. A blank line has an empty row. Each line is read alone, as after a line end. Of a
    table each text in the column is a line.
    """
    from elman.tasks.predictions import PredictionRequest
    from elman.text.column_texts import lines_or_column

    loaded = load_language_model(model, int8=int8)
    files, texts = files_and_texts(inputs or [])
    if texts and text_column is not None:
        raise SettingError(
            "texts in quotes have no columns", location="text-column", hint="Leave it out."
        )
    usual = None if texts else loaded.record_.get("text_column")
    request = PredictionRequest(files, encoding, json, typed_options({"sheet": sheet}), texts)
    lines = [
        line
        for document in request.documents()
        for line in lines_or_column(document, text_column, usual)
    ]
    real = [index for index, line in enumerate(lines) if line.text.strip()]
    if not real:
        raise EmptyTextError(
            "there is no line to score", location="INPUT", hint="Give it some text."
        )
    with working("scoring"):
        found = loaded.score_lines([lines[index].text for index in real])
    ranks = _ranks([each.perplexity for each in found])
    answers = dict(zip(real, zip(found, ranks, strict=True), strict=True))
    if not json:
        print("rank\tnats\tperplexity\ttext")
    for index, line in enumerate(lines):
        print(_as_json(line, answers.get(index)) if json else _as_row(line, answers.get(index)))


def _ranks(values: list[float]) -> list[int]:
    """The rank of each value, from 1 for the smallest; equal values keep their order."""
    ranks = [0] * len(values)
    for rank, index in enumerate(sorted(range(len(values)), key=values.__getitem__), start=1):
        ranks[index] = rank
    return ranks


def _as_row(line: Example, answer: tuple[LineScore, int] | None) -> str:
    if answer is None:
        return ""
    found, rank = answer
    text = line.text.replace("\t", " ")
    return f"{rank}\t{found.nats:.4f}\t{found.perplexity:.6g}\t{text}"


def _as_json(line: Example, answer: tuple[LineScore, int] | None) -> str:
    row = {"file": line.name, "line": line.line, "text": line.text}
    if answer is None:
        return json_line(row | dict.fromkeys(("nats", "tokens", "perplexity", "rank")))
    found, rank = answer
    return json_line(row | found._asdict() | {"perplexity": found.perplexity, "rank": rank})
