"""Metrics of language models by hand."""

import math

import numpy as np
import pytest

from elman.errors import EmptyTextError
from elman.metrics.language_modeling import bits_per_character, nats_per_token, perplexity


def test_uniform_binary_text():
    log_probabilities = np.full(8, math.log(0.5))
    assert nats_per_token(log_probabilities) == pytest.approx(math.log(2))
    assert bits_per_character(log_probabilities, characters=8) == pytest.approx(1)
    assert bits_per_character(log_probabilities, characters=4) == pytest.approx(2)
    assert perplexity(log_probabilities, words=8) == pytest.approx(2)
    assert perplexity(log_probabilities, words=2) == pytest.approx(16)


def test_low_precision_is_summed_in_float64():
    log_probabilities = np.full(100_000, -1.25, dtype=np.float16)
    assert nats_per_token(log_probabilities) == 1.25


def test_perplexity_of_an_extremely_wrong_model_is_infinite():
    assert perplexity(np.array([-1e6]), words=1) == math.inf
    assert perplexity(np.array([-math.inf]), words=1) == math.inf


def test_empty_text_is_refused():
    some = np.array([-1.0])
    with pytest.raises(EmptyTextError, match="no token"):
        nats_per_token(some[:0])
    with pytest.raises(EmptyTextError, match="no character"):
        bits_per_character(some, characters=0)
    with pytest.raises(EmptyTextError, match="no word"):
        perplexity(some, words=0)
