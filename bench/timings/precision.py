"""The cost of lower precision: a model trained with bfloat16 products, and run with int8 ones.

The same steps on the same batches from the same beginning, once with products in float32 and once
in bfloat16; both are scored in float32 on the held-out text, the state carried. Then the second is
scored once more with weights and products of 8 bits.
"""

from __future__ import annotations

from contextlib import nullcontext
from unittest import mock

import torch

from elman import LanguageModel
from tables import DATA, table

SHAKESPEARE = DATA / "shakespeare.txt"
STEPS = 1000
LEAST, AIM = 0.005, 0.002


def precision_table(threads: int, steps: int = STEPS) -> str:
    torch.set_num_threads(threads)
    text = SHAKESPEARE.read_text()
    cut = len(text) * 9 // 10
    learned, held_out = text[:cut], text[cut:]

    def trained() -> LanguageModel:
        return LanguageModel(steps=steps, seed=0).fit(learned, valid=held_out)

    with mock.patch("elman.training.precision.fast_products", return_value=nullcontext()):
        in_float32 = -trained().score(held_out)
    model = trained()
    in_bfloat16 = -model.score(held_out)
    in_int8 = -model.to_int8().score(held_out)
    rows = [
        (what, f"{loss:.4f}", f"{loss / in_float32 - 1:+.2%}")
        for what, loss in (
            ("float32 products", in_float32),
            ("trained with bfloat16 products", in_bfloat16),
            ("the same, int8 weights and products", in_int8),
        )
    ]
    title = f"precision: {steps} steps of tiny Shakespeare, nats a character"
    goal = f"At least within {LEAST:.1%} of float32, aim {AIM:.1%}."
    return f"{title}\n\n{table(rows, ('what', 'loss', 'against float32'))}\n\n{goal}"
