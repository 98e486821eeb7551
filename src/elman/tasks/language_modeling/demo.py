"""The demo's language models: the next word, the next character."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from elman.console.terminal import say, size_in_words
from elman.tasks.demo_part import DemoPart

if TYPE_CHECKING:
    from elman.tasks.language_modeling.model import LanguageModel


HALF_TYPED = (
    "If the file does not ex",
    "Return a new ",
    "Raise an excep",
    "the first arg",
    "This function is used to ",
)


def demo_parts(folder: Path) -> Iterator[DemoPart]:
    """Python's documentation, by words and by characters."""
    from elman.examples import documents_of_python

    prose = folder / "python.txt"
    prose.write_text("\n".join(text for _, text in documents_of_python()), encoding="utf-8")
    say(
        f"The text: Python's language reference and the docstrings of its standard library, "
        f"{size_in_words(prose.stat().st_size)}. Everything runs on this machine."
    )
    for tokenizer, tell in (("word", _tell_words), ("character", _tell_characters)):
        name = f"python-{tokenizer}s.safetensors"
        yield DemoPart(
            f"the next {tokenizer}", "language", [prose], name, tell, 1.0, {"tokenizer": tokenizer}
        )


def _tell_words(model: LanguageModel) -> None:
    print("Three suggestions for what is being typed:")
    for typed in HALF_TYPED:
        words = "  ".join(each.word for each in model.suggest(typed))
        print(f"  {typed + '…':34}{words}")
    print("\nAnd a sample:\n")
    _print_indented("".join(model.generate("The ", length=60, temperature=0.7, seed=1)), "The ")


def _tell_characters(model: LanguageModel) -> None:
    print("What it writes after 'This function ':\n")
    prompt = "This function "
    _print_indented("".join(model.generate(prompt, length=400, temperature=0.6, seed=1)), prompt)


def _print_indented(written: str, prompt: str) -> None:
    print(textwrap.indent(f"{prompt}{written}".strip("\n"), "  "))
