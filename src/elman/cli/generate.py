"""elman generate: continue a prompt, printed token by token."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from elman.cli.load_model import load_language_model
from elman.console.options import Int8, Json, ModelFile
from elman.console.terminal import print_json, read_prompt


def generate(
    model: ModelFile,
    prompt: Annotated[
        str, typer.Argument(help="Text to continue (default: empty); - reads stdin.")
    ] = "",
    prompt_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Read the prompt from a file."),
    ] = None,
    length: Annotated[int, typer.Option(help="Maximum number of tokens to write.")] = 400,
    temperature: Annotated[
        float, typer.Option(help="Softmax temperature; 0 takes the likeliest token.")
    ] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Sample from the k likeliest tokens.")] = None,
    top_p: Annotated[
        float | None,
        typer.Option(help="Sample from the likeliest tokens whose probabilities sum to P."),
    ] = None,
    min_p: Annotated[
        float | None,
        typer.Option(help="Sample from tokens at least P times as likely as the likeliest."),
    ] = None,
    repetition_penalty: Annotated[
        float, typer.Option(help="Above 1 makes recently written tokens less likely.")
    ] = 1.0,
    stop: Annotated[
        list[str] | None, typer.Option(help="Stop before this text; repeatable.")
    ] = None,
    samples: Annotated[int, typer.Option(help="Number of continuations to write.")] = 1,
    seed: Annotated[
        int | None, typer.Option(help="Random seed; the same seed gives the same text.")
    ] = None,
    int8: Int8 = False,
    json: Json = False,
) -> None:
    """Continue a prompt."""
    loaded = load_language_model(model, int8=int8)
    begun = read_prompt(prompt, prompt_file)
    settings: dict[str, Any] = {
        "length": length,
        "temperature": temperature,
        "top_k": top_k,
        "top_p": top_p,
        "min_p": min_p,
        "repetition_penalty": repetition_penalty,
        "stop": stop or [],
        "seed": seed,
    }
    if samples == 1 and not json:
        pieces = loaded.generate(begun, **settings)  # checks the settings before the first print
        print(begun, end="", flush=True)
        for piece in pieces:
            print(piece, end="", flush=True)
        print()
        return
    texts = loaded.generate_many(begun, samples=samples, **settings)
    if json:
        print_json({"prompt": begun, "samples": texts, "seed": seed})
        return
    for number, written in enumerate(texts, start=1):
        print(f"--- {number} of {samples}\n{begun}{written}")
