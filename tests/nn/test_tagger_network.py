"""The tag network: each word's tag from the words on both sides, and from no padding."""

from __future__ import annotations

import pytest
import torch

from elman.nn.blocks import StackConfig
from elman.nn.crf import Transitions
from elman.nn.encoder import EncoderConfig, PaddedBatch, WordTable
from elman.nn.tagger import TaggerNetwork
from elman.text.subword_hashing import BUCKETS, HashedVocabulary, WordForms
from elman.text.tagsets import illegal_tags, transitions

TAGS = ["O", "B-X", "I-X", "E-X", "S-X"]
LENGTHS = [7, 3, 1, 5]


def make(directions: int = 2, dropout: float = 0.0, vocabulary: int = 11) -> TaggerNetwork:
    torch.manual_seed(1)
    blocks = StackConfig(vocabulary, cell="gru", hidden_size=6, layers=2, dropout=0.0)
    allowed = Transitions(*map(torch.from_numpy, transitions(TAGS, "bioes")))
    network = TaggerNetwork(EncoderConfig(blocks, directions), allowed, dropout)
    with torch.no_grad():
        for parameter in network.crf.parameters():
            parameter.normal_()
    return network.double()


@pytest.fixture
def padded():
    generator = torch.Generator().manual_seed(2)
    tokens = torch.randint(11, (max(LENGTHS), len(LENGTHS)), generator=generator)
    return PaddedBatch(tokens, torch.tensor(LENGTHS))


def row_of(padded, row):
    length = int(padded.lengths[row])
    return PaddedBatch(padded.tokens[:length, row : row + 1], torch.tensor([length]))


@pytest.mark.parametrize("directions", [1, 2])
def test_a_row_says_the_same_alone_and_among_longer_ones(padded, directions):
    network = make(directions)
    logits = network(padded)
    assert logits.shape == (7, 4, 5)
    for row, length in enumerate(LENGTHS):
        alone = network(row_of(padded, row))[:, 0]
        torch.testing.assert_close(logits[:length, row], alone)


def test_the_second_direction_reads_from_the_end(padded):
    """Against its stack run over the row turned round by hand."""
    network = make()
    alone = row_of(padded, 0)
    states = network.reader.initial_states(1)
    x = network.reader.embedding(alone.tokens).transpose(0, 1)
    ahead, _ = network.reader.stacks[0](x, states[0])
    back, _ = network.reader.stacks[1](x.flip(1), states[1])
    expected = network.output(torch.cat([ahead, back.flip(1)], 2)).transpose(0, 1)
    torch.testing.assert_close(network(alone), expected.float())


@pytest.mark.parametrize(("directions", "seen_by"), [(1, [3, 4, 5, 6]), (2, [0, 1, 2, 3, 4, 5, 6])])
def test_what_a_word_is_told_to(padded, directions, seen_by):
    network = make(directions)
    before = network(padded)
    padded.tokens[3, 0] = (padded.tokens[3, 0] + 1) % 11
    changed = (network(padded) != before).any(2)
    assert changed[:, 0].nonzero()[:, 0].tolist() == seen_by
    assert not changed[:, 1:].any()


def test_the_loss_is_the_mean_of_all_words(padded):
    network = make()
    tags = torch.zeros(padded.tokens.shape, dtype=torch.long)
    tags[:2, 0] = torch.tensor([1, 3])
    total = 0.0
    for row, length in enumerate(LENGTHS):
        alone = row_of(padded, row)
        of_row = tags[:length, row : row + 1]
        log_p = network.crf.log_probability(network(alone), of_row, alone.lengths)
        torch.testing.assert_close(network.loss(alone, of_row), -log_p[0] / length)
        total -= log_p.item()
    assert network.loss(padded, tags).item() == pytest.approx(total / sum(LENGTHS))


def test_dropout_is_of_training_only(padded):
    network = make(dropout=0.5)
    assert not torch.equal(network(padded), network(padded))
    network.eval()
    assert torch.equal(network(padded), network(padded))


def test_the_best_tags_are_legal_and_the_likeliest(padded):
    network = make().eval()
    found = network.best(padded)
    assert found.shape == padded.tokens.shape
    chosen, _ = network.crf.best(network(padded), padded.lengths, 2)
    for row, length in enumerate(LENGTHS):
        tags = found[:length, row]
        assert not illegal_tags([TAGS[tag] for tag in tags], "bioes")
        assert torch.equal(tags, chosen[0, :length, row])


def test_words_never_seen_are_told_apart_by_their_characters():
    torch.manual_seed(0)
    forms = WordForms(HashedVocabulary(["the"]))
    places = forms.indices(["the", "walked", "talked", "Zürich", "the"])
    among, found = forms.look_up(places[:, None])
    words = WordTable(*map(torch.from_numpy, found))
    padded = PaddedBatch(torch.from_numpy(among), torch.tensor([5]), words)
    blocks = StackConfig(forms.vocabulary.size, hidden_size=8, layers=1, dropout=0.0)
    allowed = Transitions(*map(torch.from_numpy, transitions(["A", "B"], "plain")))
    network = TaggerNetwork(EncoderConfig(blocks, 2, BUCKETS), allowed, 0.0).eval()
    table = network.reader.table(padded)[padded.tokens[:, 0]]
    assert torch.equal(table[0], table[4])
    by_hand = network.reader.embedding.own.weight[1].clone()
    grams = found.ngrams[: found.starts[1]]
    for gram in grams[:-1]:
        by_hand += network.reader.embedding.ngrams.weight[gram] / (len(grams) - 1) ** 0.5
    by_hand += network.reader.embedding.ngrams.weight[grams[-1]]
    torch.testing.assert_close(table[0], by_hand)
    apart = torch.cdist(table, table)
    assert 0 < apart[1, 2] < apart[1, 3]
    assert network(padded).shape == (5, 1, 2)
