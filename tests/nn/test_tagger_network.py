"""The tagging network: context on both sides, independence of padding, allowed tags."""

from __future__ import annotations

import pytest
import torch

from elman.nn.config import EncoderConfig, StackConfig
from elman.nn.crf import Transitions
from elman.nn.encoder import PaddedBatch, WordTable
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
def test_rows_do_not_depend_on_the_batch(padded, directions):
    network = make(directions)
    logits = network(padded)
    assert logits.shape == (7, 4, 5)
    for row, length in enumerate(LENGTHS):
        alone = network(row_of(padded, row))[:, 0]
        torch.testing.assert_close(logits[:length, row], alone)


def test_second_direction_equals_its_stack_on_reversed_text(padded):
    """Against its stack on a row flipped by hand."""
    network = make()
    alone = row_of(padded, 0)
    states = network.encoder.initial_states(1)
    x = network.encoder.embedding(alone.tokens).transpose(0, 1)
    forward, _ = network.encoder.stacks[0](x, states[0])
    backward, _ = network.encoder.stacks[1](x.flip(1), states[1])
    expected = network.output(torch.cat([forward, backward.flip(1)], 2)).transpose(0, 1)
    torch.testing.assert_close(network(alone), expected.float())


@pytest.mark.parametrize(
    ("directions", "changed_at"), [(1, [3, 4, 5, 6]), (2, [0, 1, 2, 3, 4, 5, 6])]
)
def test_token_changes_the_logits_of_its_directions(padded, directions, changed_at):
    network = make(directions)
    before = network(padded)
    padded.tokens[3, 0] = (padded.tokens[3, 0] + 1) % 11
    changed = (network(padded) != before).any(2)
    assert changed[:, 0].nonzero()[:, 0].tolist() == changed_at
    assert not changed[:, 1:].any()


def test_loss_is_the_mean_over_all_words(padded):
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


def test_dropout_is_active_in_training_only(padded):
    network = make(dropout=0.5)
    assert not torch.equal(network(padded), network(padded))
    network.eval()
    assert torch.equal(network(padded), network(padded))


def test_best_tags_are_allowed_and_most_probable(padded):
    network = make().eval()
    result = network.best(padded)
    assert result.shape == padded.tokens.shape
    chosen, _ = network.crf.best(network(padded), padded.lengths, 2)
    for row, length in enumerate(LENGTHS):
        tags = result[:length, row]
        assert not illegal_tags([TAGS[tag] for tag in tags], "bioes")
        assert torch.equal(tags, chosen[0, :length, row])


def test_unknown_words_differ_by_their_ngrams():
    torch.manual_seed(0)
    forms = WordForms(HashedVocabulary(["the"]))
    indices = forms.indices(["the", "walked", "talked", "Zürich", "the"])
    tokens, table_arrays = forms.look_up(indices[:, None])
    words = WordTable(*map(torch.from_numpy, table_arrays))
    padded = PaddedBatch(torch.from_numpy(tokens), torch.tensor([5]), words)
    blocks = StackConfig(forms.vocabulary.size, hidden_size=8, layers=1, dropout=0.0)
    allowed = Transitions(*map(torch.from_numpy, transitions(["A", "B"], "plain")))
    network = TaggerNetwork(EncoderConfig(blocks, 2, BUCKETS), allowed, 0.0).eval()
    table = network.encoder.table(padded)[padded.tokens[:, 0]]
    assert torch.equal(table[0], table[4])
    expected = network.encoder.embedding.own.weight[1].clone()
    grams = table_arrays.ngrams[: table_arrays.starts[1]]
    for gram in grams[:-1]:
        expected += network.encoder.embedding.ngrams.weight[gram] / (len(grams) - 1) ** 0.5
    expected += network.encoder.embedding.ngrams.weight[grams[-1]]
    torch.testing.assert_close(table[0], expected)
    distances = torch.cdist(table, table)
    assert 0 < distances[1, 2] < distances[1, 3]
    assert network(padded).shape == (5, 1, 2)
