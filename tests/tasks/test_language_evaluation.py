"""The report of `elman test`: every figure against a plain computation of its own."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from elman.counts.kneser_ney import KneserNey
from elman.data.cache import Cache
from elman.data.corpus import Corpus
from elman.kernels import core
from elman.nn.config import StackConfig
from elman.nn.language_model import LanguageModelNetwork
from elman.tasks.language_modeling.baseline import best_ngram
from elman.tasks.language_modeling.evaluation import evaluate_language
from elman.text.files import TextSource
from elman.text.tokenizers.characters import Characters
from elman.text.tokenizers.tokenizer import BOUNDARY
from elman.text.tokenizers.words import Words
from language_models import compiled, predictor_of

TEXT = "the cat sat. the dog sat. a cat ran, a dog ran!\n" * 12


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def network_for(tokenizer) -> LanguageModelNetwork:
    torch.manual_seed(3)
    return LanguageModelNetwork(
        StackConfig(vocabulary=tokenizer.size, hidden_size=12, layers=1)
    ).eval()


def by_steps(network: LanguageModelNetwork, ids) -> list[float]:
    """The log-probability of each token but the first, one step at a time."""
    state, result = network.initial_state(1), []
    with torch.no_grad():
        for token, target in pairwise(ids):
            logits, state = network(torch.tensor([[int(token)]]), state)
            result.append(float(logits[0, 0].log_softmax(0)[int(target)]))
    return result


def test_a_network_reads_the_whole_text_with_its_state_carried(monkeypatch):
    monkeypatch.setattr("elman.nn.compiled.predictor.CHUNK", 37)
    tokenizer = Characters.learn([TEXT])
    ids = np.concatenate([[BOUNDARY], tokenizer.encode(TEXT[:200])])
    network = network_for(tokenizer)
    result = predictor_of(network).log_probabilities(ids)
    np.testing.assert_allclose(result, by_steps(network, ids), atol=1e-4)


def test_fresh_blocks_remember_nothing():
    tokenizer = Characters.learn([TEXT])
    ids = np.concatenate([[BOUNDARY], tokenizer.encode(TEXT[:100])])
    network = network_for(tokenizer)
    result = predictor_of(network).fresh_log_probabilities(ids, block=16)
    expected = [
        each for begin in range(0, 96, 16) for each in by_steps(network, ids[begin : begin + 17])
    ]
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_distributions_stand_at_their_positions(monkeypatch):
    monkeypatch.setattr("elman.nn.compiled.predictor.CHUNK", 10)
    tokenizer = Words.learn([TEXT])
    ids = np.concatenate([[BOUNDARY], tokenizer.encode(TEXT)])[:60]
    network = network_for(tokenizer)
    positions = np.array([1, 2, 9, 10, 11, 30, 59])
    rows = np.concatenate(list(predictor_of(network).distributions(ids, positions)))
    with torch.no_grad():
        logits, _ = network(torch.from_numpy(ids)[None], network.initial_state(1))
    expected = logits[0, positions - 1].log_softmax(-1).numpy()
    result = torch.from_numpy(rows).log_softmax(-1).numpy()
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_with_weights_of_8_bits_it_reads_as_the_native_core_steps(monkeypatch):
    """In one stream, in blocks, and at positions; without the core, as in float32."""
    monkeypatch.setattr("elman.nn.compiled.predictor.CHUNK", 70)
    tokenizer = Characters.learn([TEXT])
    ids = np.concatenate([[BOUNDARY], tokenizer.encode(TEXT[:90])])
    positions = np.array([1, 6, 7, 8, 80])
    network = network_for(tokenizer)

    def outputs_of(int8):
        predictor = predictor_of(network, int8=int8)
        rows = np.concatenate(list(predictor.distributions(ids, positions)))
        fresh = predictor.fresh_log_probabilities(ids, block=16)
        return predictor.log_probabilities(ids), fresh, rows

    def step_logits(ids):
        reading = compiled(network, int8=True)
        state = reading.initial_state(1)
        for token in ids[:-1].tolist():
            logits, state = reading.step(np.array([token]), state)
            yield torch.from_numpy(logits[0])

    def picked(ids):
        each = zip(step_logits(ids), ids[1:], strict=True)
        return [float(logits.log_softmax(0)[int(target)]) for logits, target in each]

    log_probabilities, fresh, rows = outputs_of(int8=True)
    np.testing.assert_allclose(log_probabilities, picked(ids), atol=1e-6)
    blocks = (ids[begin : begin + 17] for begin in range(0, 80, 16))
    np.testing.assert_allclose(
        fresh, [each for block in blocks for each in picked(block)], atol=1e-6
    )
    np.testing.assert_allclose(rows, torch.stack(list(step_logits(ids)))[positions - 1], atol=1e-6)
    if core.module() is not None:
        assert np.abs(log_probabilities - outputs_of(int8=False)[0]).max() > 1e-4
    with core.using(core.OFF):
        for ours, theirs in zip(outputs_of(int8=True), outputs_of(int8=False), strict=True):
            assert np.array_equal(ours, theirs)


def test_the_baseline_is_the_order_that_foretells_best():
    tokenizer = Characters.learn([TEXT])
    rng = np.random.default_rng(0)
    words = ["the ", "cat ", "dog ", "ran ", "sat. "]
    ids = tokenizer.encode("".join(rng.choice(words) for _ in range(2000)))
    cut = round(len(ids) * 0.9)
    losses = {
        order: -KneserNey.train(ids[:cut], tokenizer.size, order)
        .log_probabilities(ids[cut - 1 :])
        .mean()
        for order in (5, 6, 7, 8)
    }
    assert best_ngram(ids, tokenizer).model.order == min(losses, key=losses.__getitem__)


def test_the_baseline_begins_anew_at_each_line_where_that_helps():
    rng = np.random.default_rng(0)
    starts = {"a": "b c d e", "v": "w x y z"}
    lines = [
        f"{first} {starts[first]} {rng.choice(['p', 'q'])}" for first in rng.choice(["a", "v"], 800)
    ]
    tokenizer = Words.learn(["\n".join(lines)])
    ids = tokenizer.encode("\n".join(lines))
    ngram = best_ngram(ids, tokenizer)
    newline = int(tokenizer.encode("\n")[0])
    assert ngram.newline in (None, newline)
    # Whatever was chosen, a line's start is predicted as the text has it, not as the line before.
    rows = np.concatenate(list(ngram.distributions(ids, np.flatnonzero(ids == newline) + 1)))
    a, v = (int(tokenizer.encode(each)[0]) for each in "av")
    assert np.all(rows[:, a] + rows[:, v] > 0.9)
    if ngram.newline is not None:
        assert "restarted at each line" in ngram.name
        assert np.ptp(rows[:, a]) < 1e-6


def test_the_report(cache):
    tokenizer = Characters.learn([TEXT])
    source = TextSource.from_texts([TEXT[:300], TEXT[300:]])
    corpus = Corpus.prepare(source, tokenizer, cache=cache)
    network = network_for(tokenizer)
    predictor = predictor_of(network)
    ngram = best_ngram(corpus.ids, tokenizer)
    report = evaluate_language(predictor, corpus, ngram)

    ours = -predictor.log_probabilities(corpus.ids)
    theirs = -ngram.log_probabilities(corpus.ids)
    assert report.examples == len(corpus) - 1
    assert report.scores["nats_per_token"] == pytest.approx(ours.mean())
    bits = ours.sum() / math.log(2) / len(TEXT)
    assert report.scores["bits_per_character"] == pytest.approx(bits)
    per_word = math.exp(ours.sum(dtype=float) / len(TEXT.split()))
    assert report.scores["perplexity"] == pytest.approx(per_word, rel=1e-4)
    assert report.baseline["nats_per_token"] == pytest.approx(theirs.mean())
    low, high = report.interval["nats_per_token"]
    assert low < ours.mean() - theirs.mean() < high
    as_json = json.loads(json.dumps(report.to_json()))
    assert as_json.keys() >= {"task", "examples", "scores", "baseline", "interval"}
    assert as_json["baseline"]["name"] == ngram.name


def test_words_are_scored_as_keyboards_are(cache):
    tokenizer = Words.learn([TEXT])
    # No newline at the end of the first: its last word must not grow together with the next.
    source = TextSource.from_texts(["the cat ran", "a unicorn sat."])
    corpus = Corpus.prepare(source, tokenizer, cache=cache)
    predictor = predictor_of(network_for(tokenizer))
    report = evaluate_language(predictor, corpus, best_ngram(tokenizer.encode(TEXT), tokenizer))

    ids = np.asarray(corpus.ids)
    words = ["the", "cat", "ran", "a", None, "sat"]  # None: spelled, a miss
    positions = [1, 2, 3, 5, 6, int(np.flatnonzero(tokenizer.is_word[ids])[-1])]
    rows = np.concatenate(list(predictor.distributions(ids, np.array(positions))))
    hits = []
    for word, row in zip(words, rows, strict=True):
        ranked = [
            tokenizer.spellings[s] for s in np.argsort(-row, kind="stable") if tokenizer.is_word[s]
        ]
        hits.append(word in ranked[:3])
    assert report.scores["top3"] == pytest.approx(np.mean(hits))
    assert 0 <= report.scores["top1"] <= report.scores["top3"] <= 1
    assert -1 <= report.scores["keystroke_savings"] < 1
    assert set(report.interval) == {"nats_per_token", "top1", "top3", "keystroke_savings"}


def test_a_part_of_a_text_is_read_from_a_beginning(cache):
    tokenizer = Characters.learn([TEXT])
    whole = Corpus.prepare(TextSource.from_texts([TEXT]), tokenizer, cache=cache)
    part = whole.part(100, 300)
    predictor = predictor_of(network_for(tokenizer))
    ids = np.concatenate([[BOUNDARY], part.ids])
    expected = -predictor.log_probabilities(ids).mean()
    assert evaluate_language(predictor, part, None).scores["nats_per_token"] == pytest.approx(
        expected
    )
    assert evaluate_language(predictor, part, None, ("why",)).to_json()["baseline"] is None


def test_line_ends_count_as_words_in_the_literature(cache):
    """Each of the five lines ends a sequence there, so it has a token more."""
    text = "the cat sat\non the mat\n" * 2 + "the end\n"
    tokenizer = Words.learn([text])
    corpus = Corpus.prepare(TextSource.from_texts([text]), tokenizer, cache=cache)
    predictor = predictor_of(network_for(tokenizer))
    scores = evaluate_language(predictor, corpus, None).scores
    nats = -predictor.log_probabilities(corpus.ids).sum(dtype=float)
    assert scores["perplexity"] == pytest.approx(math.exp(nats / 14), rel=1e-4)
    assert scores["perplexity_with_line_ends"] == pytest.approx(math.exp(nats / 19), rel=1e-4)
