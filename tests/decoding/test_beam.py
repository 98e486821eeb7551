"""Beam search against all targets there are, one by one; many sources against each alone."""

from __future__ import annotations

import itertools
import re
from math import inf

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.decoding import beam as beams
from elman.decoding.beam import BeamSettings, beam_search, largest
from elman.errors import ModelFileError, SettingError
from elman.kernels import core
from elman.nn.compiled.seq2seq import seq2seq_of
from elman.nn.config import Seq2SeqConfig, StackConfig
from elman.nn.encoder import PaddedBatch
from elman.nn.native_step import trained_network
from elman.nn.seq2seq import EncoderDecoder
from elman.nn.torch_seq2seq import TorchSeq2Seq

BOUNDARY, SOURCES = 0, 6


def make(
    vocabulary: int = 3, seed: int = 0, cell: str = "gru", spread: float = 0.5
) -> EncoderDecoder:
    torch.manual_seed(seed)
    blocks = StackConfig(vocabulary, cell, hidden_size=8, layers=1, dropout=0.0, tied=True)
    network = EncoderDecoder(Seq2SeqConfig(blocks, SOURCES), 0.0).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(spread * torch.randn_like(parameter))
    return network


def ragged(lengths: list[int], seed: int = 0) -> PaddedBatch:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(SOURCES, (max(lengths), len(lengths)), generator=generator)
    return PaddedBatch(tokens, torch.tensor(lengths))


def row_of(source: PaddedBatch, row: int) -> PaddedBatch:
    length = int(source.lengths[row])
    return PaddedBatch(source.tokens[:length, row : row + 1], torch.tensor([length]))


def on_arrays(network: EncoderDecoder):
    if isinstance(network, Parrot):
        return TorchSeq2Seq(network)
    return seq2seq_of(trained_network(network, int8=False), network.config)


def found_for(network, source, limit, **changes):
    limits = np.array(limit) if isinstance(limit, list) else np.full(len(source.lengths), limit)
    texts = [row_of(source, row).tokens[:, 0].numpy() for row in range(len(limits))]
    return beam_search(on_arrays(network), texts, limits, BOUNDARY, BeamSettings(**changes))


@torch.no_grad()
def log_probabilities(
    network: EncoderDecoder, source: PaddedBatch, tokens: list[int]
) -> np.ndarray:
    """Of each token, read at once as in training."""
    read = torch.tensor([BOUNDARY, *tokens[:-1]])[:, None]
    logits, _ = network(read, network.encode(source))
    return logits[:, 0].log_softmax(1)[range(len(tokens)), tokens].numpy()


def all_targets(network, source, limit, reward):
    """Every target of at most `limit` tokens, its end among them, with its score; best first."""
    others = range(1, network.config.blocks.vocabulary)
    result = []
    for length in range(limit):
        for target in itertools.product(others, repeat=length):
            log_p = log_probabilities(network, source, [*target, BOUNDARY])
            result.append((log_p.sum() / (length + 1) ** reward, target))
    return sorted(result, reverse=True)


@settings(max_examples=12, deadline=None)
@given(
    size=st.sampled_from([(3, 4), (4, 3), (2, 4)]),
    seed=st.integers(0, 99),
    reward=st.sampled_from([0.0, 0.7, 1.0]),
)
def test_a_beam_wide_enough_finds_the_best_of_all_targets_in_order(size, seed, reward):
    vocabulary, limit = size
    network, source = make(vocabulary, seed), ragged([3], seed)
    expected = all_targets(network, source, limit, reward)
    (result,) = found_for(network, source, limit, beam=60, length_reward=reward)
    assert len(result) == len(expected)
    for each, (score, _) in zip(result, expected, strict=True):
        assert each.score == pytest.approx(score, abs=1e-4)
    scores = {target: score for score, target in expected}
    assert {tuple(each.tokens.tolist()) for each in result} == scores.keys()
    for each in result:
        assert each.score == pytest.approx(scores[tuple(each.tokens.tolist())], abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), limit=st.integers(1, 8))
def test_greedy_takes_the_likeliest_token_every_time(seed, limit):
    network, source = make(5, seed), ragged([3], seed)
    written = []
    while len(written) < limit and BOUNDARY not in written:
        with torch.no_grad():
            read = torch.tensor([BOUNDARY, *written])[:, None]
            logits, _ = network(read, network.encode(source))
        written.append(int(logits[-1, 0].argmax()))
    ((result,),) = found_for(network, source, limit, beam=1, repeats=1000)
    assert result.tokens.tolist() == [each for each in written if each != BOUNDARY]
    assert result.log_probabilities == pytest.approx(
        log_probabilities(network, source, written), abs=1e-4
    )


@pytest.mark.parametrize("cell", ["mingru", "lstm"])
@settings(max_examples=10, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 7), st.integers(1, 9)), min_size=1, max_size=5),
    seed=st.integers(0, 99),
    beam=st.sampled_from([1, 2, 5]),
)
def test_sources_side_by_side_have_the_targets_of_each_alone(cell, rows, seed, beam):
    """Ragged, and done at different times."""
    network = make(6, seed, cell)
    source, limits = ragged([length for length, _ in rows], seed), [limit for _, limit in rows]
    together = found_for(network, source, limits, beam=beam)
    for row, limit in enumerate(limits):
        (alone,) = found_for(network, row_of(source, row), limit, beam=beam)
        assert [each.tokens.tolist() for each in together[row]] == [
            each.tokens.tolist() for each in alone
        ]
        for one, other in zip(together[row], alone, strict=True):
            assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)
            assert one.score == pytest.approx(other.score, abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(
    limits=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    seed=st.integers(0, 99),
    beam=st.sampled_from([1, 3, 7]),
    reward=st.sampled_from([0.0, 1.0, 2.0]),
)
def test_what_is_found(limits, seed, beam, reward):
    """At most K, different ones, the best first, none too long; each with the probabilities that
    the network gives its tokens when they are read at once."""
    network, source = make(5, seed), ragged([3] * len(limits), seed)
    answers = found_for(network, source, limits, beam=beam, length_reward=reward)
    for row, (result, limit) in enumerate(zip(answers, limits, strict=True)):
        assert 1 <= len(result) <= beam
        assert len({tuple(each.tokens.tolist()) for each in result}) == len(result)
        scores = [each.score for each in result]
        assert scores == sorted(scores, reverse=True)
        for each in result:
            tokens = each.tokens.tolist()
            length = len(each.log_probabilities)
            assert length <= limit
            assert BOUNDARY not in tokens
            if length == len(tokens):
                assert length == limit, "only a target that is too long is cut"
            else:
                tokens = [*tokens, BOUNDARY]
            expected = log_probabilities(network, row_of(source, row), tokens)
            assert each.log_probabilities == pytest.approx(expected, abs=1e-4)
            assert each.log_probability == pytest.approx(expected.sum(), abs=1e-4)
            assert each.score == pytest.approx(expected.sum() / length**reward, abs=1e-4)
            assert each.score <= 0


@torch.no_grad()
def plain_beam(network, source, beam: int, limit: int) -> list[tuple[float, list[int]]]:
    """Beam search as it is taught, with lists: what ends among the best K is found, and the best
    K that go on go on, until even the best of these is worse than K that were found."""
    going, result, begun = [(0.0, [BOUNDARY])], [], network.encode(source)
    for length in range(1, limit + 1):
        ways = []
        for total, tokens in going:
            logits, _ = network(torch.tensor(tokens)[:, None], begun)
            log_p = logits[-1, 0].log_softmax(0).tolist()
            ways += [(total + its, [*tokens, token]) for token, its in enumerate(log_p)]
        ways.sort(reverse=True)
        result += [
            (total / length, tokens[1:-1]) for total, tokens in ways[:beam] if not tokens[-1]
        ]
        going = [(total, tokens) for total, tokens in ways if tokens[-1]][:beam]
        result = sorted(result, reverse=True)[:beam]
        if len(result) == beam and going[0][0] / length <= result[-1][0]:
            break
    result = result or [(total / limit, tokens[1:]) for total, tokens in going]
    return sorted(result, reverse=True)[:beam]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 9999), beam=st.integers(1, 5), limit=st.integers(1, 7))
def test_it_is_beam_search_as_it_is_taught(seed, beam, limit):
    network, source = make(5, seed), ragged([4], seed)
    (result,) = found_for(network, source, limit, beam=beam, repeats=1000)
    expected = plain_beam(network, source, beam, limit)
    assert [each.tokens.tolist() for each in result] == [tokens for _, tokens in expected]
    assert [each.score for each in result] == pytest.approx([s for s, _ in expected], abs=1e-4)


# A network with given outputs


class Parrot(EncoderDecoder):
    """Its logits follow from the token before alone."""

    def __init__(self, logits: list[list[float]]) -> None:
        super().__init__(
            Seq2SeqConfig(StackConfig(len(logits), "gru", 2, 1, tied=True), SOURCES), 0.0
        )
        self.table = torch.tensor(logits)

    def forward(self, tokens, written, _=None):
        return self.table[tokens], written


def chain(*phrase: int, vocabulary: int) -> list[list[float]]:
    """From BOUNDARY into the phrase, and round and round; to end is always second best."""
    logits = [[-20.0] * vocabulary for _ in range(vocabulary)]
    for before, after in itertools.pairwise([BOUNDARY, *phrase, phrase[0]]):
        logits[before][after] = 9.0
    for row in logits[1:]:
        row[BOUNDARY] = 3.0
    return logits


def test_the_first_to_end_are_not_enough():
    """A network that is sure makes all wrong tokens alike, the end among them: several bad targets
    end before the good one does."""
    logits = torch.zeros(30, 30)
    for before, after in itertools.pairwise([BOUNDARY, 3, 4, 5, 6, 7, 8, BOUNDARY]):
        logits[before, after] = 8.0
    ((best, *_),) = found_for(Parrot(logits.tolist()), ragged([2]), 20, beam=5)
    assert best.tokens.tolist() == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("repeats", [1, 2, 3])
@pytest.mark.parametrize("length", [1, 2, 3, beams.MAX_PHRASE])
def test_a_phrase_repeated_for_ever_is_stopped(repeats, length):
    """It may stand `repeats` times in a row, and is stopped short of one time more."""
    phrase = tuple(range(1, length + 1))
    network = Parrot(chain(*phrase, vocabulary=length + 1))
    ((result,),) = found_for(network, ragged([2]), 200, beam=1, repeats=repeats)
    assert result.tokens.tolist() == list(phrase * (repeats + 1))[:-1]
    assert len(result.log_probabilities) == len(result.tokens) + 1


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), repeats=st.integers(1, 3), beam=st.sampled_from([1, 3]))
def test_no_target_holds_a_loop(seed, repeats, beam):
    """Looked for by a pattern; tokens are letters to it."""
    generator = np.random.default_rng(seed)
    logits = 3 * generator.normal(size=(3, 3)) - [6, 0, 0]
    for result in found_for(Parrot(logits.tolist()), ragged([2]), 40, beam=beam, repeats=repeats)[
        0
    ]:
        tokens = "".join(map(str, result.tokens.tolist()))
        assert not re.search(rf"(.{{1,{beams.MAX_PHRASE}}})\1{{{repeats}}}", tokens)


def test_a_longer_phrase_is_not_watched():
    phrase = range(1, beams.MAX_PHRASE + 2)
    network = Parrot(chain(*phrase, vocabulary=len(phrase) + 1))
    ((result,),) = found_for(network, ragged([2]), 60, beam=1)
    assert len(result.tokens) == 60
    assert len(result.log_probabilities) == 60, "cut: it has no end"


def test_what_finds_no_end_is_cut_and_not_lost():
    network = Parrot([[-inf, 1.0, 0.0], [-inf, 0.0, 1.0], [-inf, 1.0, 0.5]])
    (result,) = found_for(network, ragged([2]), 5, beam=3)
    assert len(result) == 3
    assert all(len(each.tokens) == len(each.log_probabilities) == 5 for each in result)
    assert result[0].score >= result[1].score >= result[2].score


def test_what_has_an_end_is_not_followed_by_what_was_cut():
    """Within the limit of 3 there are three targets, and one longer that is likelier than any."""
    network = Parrot([[-1.0, 3.0], [-1.0, 3.0]])
    (result,) = found_for(network, ragged([2]), 3, beam=5)
    assert [each.tokens.tolist() for each in result] == [[1, 1], [1], []]


def test_a_reward_for_length_favours_long_targets():
    """To end at once has 0.45, more than any other way; but with each token the mean is better."""
    network = Parrot(np.log([[0.45, 0.55], [0.5, 0.5]]).tolist())
    lengths = [
        len(found_for(network, ragged([2]), 4, beam=30, length_reward=reward)[0][0].tokens)
        for reward in (0.0, 1.0)
    ]
    assert lengths == [0, 1]  # log 0.45; (log 0.55 + log 0.5) / 2, and no more after that


@torch.no_grad()
def test_from_vectors_as_from_texts():
    torch.manual_seed(0)
    blocks = StackConfig(5, "mingru", hidden_size=8, layers=1, dropout=0.0, tied=True)
    network = EncoderDecoder(Seq2SeqConfig(blocks, 3, "none", "vector"), 0.0).eval()
    vectors, arrays = torch.randn(4, 3).numpy(), on_arrays(network)
    together = beam_search(arrays, vectors, np.full(4, 6), BOUNDARY, BeamSettings())
    for row, result in enumerate(together):
        (alone,) = beam_search(
            arrays, vectors[row : row + 1], np.array([6]), BOUNDARY, BeamSettings()
        )
        assert [each.tokens.tolist() for each in result] == [each.tokens.tolist() for each in alone]


@settings(max_examples=50, deadline=None)
@given(
    rows=st.integers(1, 3),
    width=st.integers(1, 900),
    count=st.integers(1, 14),
    distinct=st.sampled_from([2, 50, 10**6]),
    seed=st.integers(0, 999),
)
def test_the_largest_are_those_of_a_sorted_row(rows, width, count, distinct, seed):
    """With many equal ones, and some that are minus infinity."""
    generator = np.random.default_rng(seed)
    logits = generator.integers(distinct, size=(rows, width)).astype(np.float32)
    logits[logits == 0] = -np.inf
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beams, "MANY", 0)
        found = largest(logits, count)
    assert all(len(set(row)) == min(width, count) for row in found.tolist())
    expected = np.sort(logits, axis=1)[:, ::-1][:, :count]
    assert np.array_equal(np.sort(np.take_along_axis(logits, found, 1), axis=1)[:, ::-1], expected)


@pytest.mark.parametrize(
    "change",
    [{"beam": 0}, {"beam": 101}, {"beam": 2.0}, {"length_reward": -0.1}, {"length_reward": "1"},
     {"length_reward": float("nan")}, {"repeats": 0}, {"repeats": True}],
    ids=str,
)  # fmt: skip
def test_settings_out_of_range_are_named(change):
    with pytest.raises(SettingError) as caught:
        BeamSettings(**change)
    assert caught.value.location == next(iter(change))


def test_the_core_and_torch_find_the_same():
    network, source = make(9), ragged([5, 1, 3])
    by_core = found_for(network, source, 6)
    with core.using(core.OFF):
        by_torch = found_for(network, source, 6)
    for some, others in zip(by_core, by_torch, strict=True):
        for one, other in zip(some, others, strict=True):
            assert one.tokens.tolist() == other.tokens.tolist()
            assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)


def test_weights_so_large_that_logits_overflow_are_one_line():
    network = make(spread=1e38)
    with pytest.raises(ModelFileError, match="its logits are not numbers"):
        found_for(network, ragged([3, 2]), 5)
