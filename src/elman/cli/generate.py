"""elman generate: the model writes on, letter by letter, as you watch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from elman.cli.load_model import load_language_model
from elman.console.options import Int8, Json, ModelFile
from elman.console.terminal import print_json, read_prompt


def generate(
    model: ModelFile,
    prompt: Annotated[str, typer.Argument(help="The beginning; - reads it from stdin.")] = "",
    prompt_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Read the beginning from a file."),
    ] = None,
    length: Annotated[int, typer.Option(help="Tokens to write at most.")] = 400,
    temperature: Annotated[
        float, typer.Option(help="Below 1 safer, above 1 bolder; 0 takes the likeliest.")
    ] = 1.0,
    top_k: Annotated[int | None, typer.Option(help="Draw from the k likeliest only.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest that reach this share.")
    ] = None,
    min_p: Annotated[
        float | None, typer.Option(help="Draw from those this share as likely as the likeliest.")
    ] = None,
    repetition_penalty: Annotated[
        float, typer.Option(help="Above 1: what was just written is less likely.")
    ] = 1.0,
    stop: Annotated[
        list[str] | None, typer.Option(help="End before this text; may be given again.")
    ] = None,
    samples: Annotated[int, typer.Option(help="Continuations to write.")] = 1,
    seed: Annotated[int | None, typer.Option(help="The same seed, the same text.")] = None,
    int8: Int8 = False,
    json: Json = False,
) -> None:
    """Write on after a prompt."""
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
        pieces = loaded.generate(begun, **settings)  # refuses a setting before anything is printed
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
