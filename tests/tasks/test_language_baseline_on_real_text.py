"""The baseline on a real text: a figure that others can check."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from elman.counts.kneser_ney import KneserNey
from elman.text.tokenizers.characters import Characters

ROOT = Path(__file__).parents[2]
SHAKESPEARE = Path(os.environ.get("ELMAN_DATA", ROOT / "../shared/data")) / "shakespeare.txt"


@pytest.mark.skipif(not SHAKESPEARE.exists(), reason="tiny Shakespeare is not in $ELMAN_DATA")
def test_the_n_gram_of_tiny_shakespeare():
    """Trained on the first 90 %, scored on the rest: 1.517 nats a character at order 7."""
    text = SHAKESPEARE.read_text(encoding="utf-8")
    cut = 1_003_854
    tokenizer = Characters.learn([text[:cut]])
    train, valid = tokenizer.encode(text[:cut]), tokenizer.encode(text[cut:])
    result = {
        order: -KneserNey.train(train, tokenizer.size, order)
        .log_probabilities(np.concatenate([[0], valid]))
        .mean()
        for order in (5, 7)
    }
    assert result[7] == pytest.approx(1.517, abs=0.002)
    assert result[5] == pytest.approx(1.561, abs=0.003)
