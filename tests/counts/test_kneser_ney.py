"""The n-gram model against a dictionary of tuples, written from the formulas."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.counts.kneser_ney import KneserNey
from elman.errors import EmptyTextError, SettingError


class Dictionary:
    """Interpolated modified Kneser-Ney, one n-gram at a time."""

    def __init__(self, ids, vocabulary, order, newline=None):
        text = ids if ids[0] == 0 else [0, *ids]
        self.vocabulary, self.order, self.newline = vocabulary, order, newline
        met = [Counter() for _ in range(order + 1)]
        for end in range(1, len(text)):
            start_of_document = max(t for t in range(end) if text[t] in (0, newline))
            for length in range(1, order + 1):
                start = end - length + 1
                if start >= start_of_document:
                    met[length][tuple(text[start : end + 1])] += 1
        self.counts = [{}]
        for length in range(1, order + 1):
            counts = {}
            for gram, count in met[length].items():
                led_by_boundary = length > 1 and gram[0] in (0, newline)
                if length == order or led_by_boundary:
                    counts[gram] = count
                else:
                    counts[gram] = len({g[0] for g in met[length + 1] if g[1:] == gram})
            self.counts.append(counts)
        self.discounts = [self.discounts_of(counts) for counts in self.counts]

    @staticmethod
    def discounts_of(counts):
        n = [sum(1 for count in counts.values() if count == k) for k in range(5)]
        discounts = [0.0]
        for k in (1, 2, 3):
            discount = None
            if n[1] > 0 and n[k] > 0:
                discount = k - (k + 1) * n[1] / (n[1] + 2 * n[2]) * n[k + 1] / n[k]
            discounts.append(discount if discount is not None and 0 < discount < k else k / 2)
        return discounts

    def probability(self, token, context):
        length = len(context) + 1
        beneath = self.probability(token, context[1:]) if context else 1 / self.vocabulary
        followers = {g: c for g, c in self.counts[length].items() if g[:-1] == context}
        if not followers:
            return beneath
        discounts = self.discounts[length]
        total = sum(followers.values())
        left = sum(discounts[min(c, 3)] for c in followers.values()) / total
        count = followers.get((*context, token), 0)
        return max(count - discounts[min(count, 3)], 0) / total + left * beneath

    def context(self, before):
        """The context: up to N - 1 tokens, not past the last BOUNDARY or newline."""
        before = list(before)[max(len(before) - self.order + 1, 0) :]
        begins = [index for index, token in enumerate(before) if token in (0, self.newline)]
        return tuple(before[begins[-1] :] if begins else before)

    def distribution(self, before):
        context = self.context(before)
        return [self.probability(token, context) for token in range(self.vocabulary)]


def following(model, context):
    """(V,) the distribution of the next token after a context."""
    ends = range(model.vocabulary)
    return np.exp([model.log_probabilities(np.append(context, end))[-1] for end in ends])


texts = st.integers(1, 6).flatmap(
    lambda vocabulary: st.tuples(
        st.just(vocabulary),
        st.lists(st.integers(0, vocabulary - 1), min_size=2, max_size=60),
        st.lists(st.integers(0, vocabulary - 1), min_size=1, max_size=12),
        st.integers(1, 5),
    )
)


def random_text(vocabulary, length, seed):
    """A text with dependent tokens, so that n-grams repeat."""
    generator = np.random.default_rng(seed)
    favourites = generator.integers(0, vocabulary, size=(vocabulary, 2))
    text = [0]
    for draw in generator.random(length - 1):
        favourite = favourites[text[-1], int(draw * 4) % 2]
        text.append(int(favourite if draw < 0.7 else generator.integers(0, vocabulary)))
    return np.array(text)


@settings(max_examples=60, deadline=None)
@given(texts, st.sampled_from([None, 1]))
def test_equals_the_dictionary(drawn, newline):
    vocabulary, text, other, order = drawn
    model = KneserNey.train(np.array(text), vocabulary, order, newline)
    expected = Dictionary(text, vocabulary, order, newline)
    np.testing.assert_allclose(following(model, np.array(other)), expected.distribution(other))
    scored = model.log_probabilities(np.array(other))
    assert scored.shape == (len(other) - 1,)
    for t, logarithm in enumerate(scored, start=1):
        probability = expected.probability(other[t], expected.context(other[:t]))
        assert logarithm == pytest.approx(np.log(probability))


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_equals_the_dictionary_without_discount_fallbacks(order):
    text = random_text(8, 1500, seed=order)
    model = KneserNey.train(text, 8, order)
    expected = Dictionary(text.tolist(), 8, order)
    np.testing.assert_allclose(model.discounts, np.array(expected.discounts[1:])[:, 1:])
    assert order == 1 or not np.allclose(model.discounts[-1], [0.5, 1, 1.5])
    for end in range(1, 40):
        context = random_text(8, 40, seed=99)[:end]
        np.testing.assert_allclose(following(model, context), expected.distribution(context))


@settings(max_examples=60, deadline=None)
@given(texts)
def test_probabilities_are_positive_and_sum_to_one(drawn):
    vocabulary, text, other, order = drawn
    distribution = following(KneserNey.train(np.array(text), vocabulary, order), np.array(other))
    assert distribution.sum() == pytest.approx(1)
    assert (distribution > 0).all()


def test_continuation_counts_outweigh_plain_counts():
    # 'Francisco' (4) is more frequent than 'glasses' (5), but always after 'San' (3).
    text = np.array([3, 4] * 10 + [6, 5, 7, 5, 8, 5, 9, 5])
    model = KneserNey.train(text, 12, 2)
    unseen = following(model, np.array([11]))
    assert unseen[5] > unseen[4]
    after_san = following(model, np.array([3]))
    assert after_san[4] > after_san[5]
    by_count = following(KneserNey.train(text, 12, 1), np.array([11]))
    assert by_count[4] > by_count[5]


def test_context_does_not_extend_past_a_boundary():
    text = random_text(5, 400, seed=3)
    model = KneserNey.train(text, 5, 4)
    one = following(model, np.array([1, 2, 0, 3]))
    other = following(model, np.array([4, 4, 0, 3]))
    np.testing.assert_array_equal(one, other)


def test_order_of_documents_does_not_matter():
    documents = [random_text(5, 30, seed) for seed in range(10)]
    model = KneserNey.train(np.concatenate([*documents, [0]]), 5, 4)
    backwards = KneserNey.train(np.concatenate([*documents[::-1], [0]]), 5, 4)
    text = random_text(5, 100, seed=11)
    np.testing.assert_allclose(model.log_probabilities(text), backwards.log_probabilities(text))


def test_boundary_is_added_before_a_text_without_one():
    text = random_text(5, 200, seed=4)[1:]
    with_boundary = KneserNey.train(np.concatenate([[0], text]), 5, 3)
    context = np.array([0, text[0]])
    np.testing.assert_array_equal(
        following(KneserNey.train(text, 5, 3), context), following(with_boundary, context)
    )


@pytest.mark.parametrize("order", [1, 2, 5])
def test_distributions_agree_with_log_probabilities(order):
    model = KneserNey.train(random_text(7, 600, seed=1), 7, order)
    text = random_text(7, 50, seed=2)
    batches = list(model.distributions(text, batch=8))
    assert [len(batch) for batch in batches] == [8] * 6 + [1]
    rows = np.concatenate(batches)
    assert rows.dtype == np.float32
    for t in range(1, len(text)):
        np.testing.assert_allclose(rows[t - 1], following(model, text[:t]), rtol=1e-6)
    of_the_text = np.log(rows[np.arange(len(text) - 1), text[1:]])
    np.testing.assert_allclose(of_the_text, model.log_probabilities(text), rtol=1e-5)


def test_distributions_at_chosen_positions_and_after_the_text():
    model = KneserNey.train(random_text(7, 600, seed=1), 7, 4)
    text = random_text(7, 50, seed=2)
    rows = np.concatenate(list(model.distributions(text, np.array([50, 3, 3]), batch=2)))
    for row, end in zip(rows, [50, 3, 3], strict=True):
        np.testing.assert_allclose(row, following(model, text[:end]), rtol=1e-6)
    with pytest.raises(ValueError, match="no context"):
        model.distributions(text, np.array([0]))
    with pytest.raises(ValueError, match=r"0\.\.50"):
        model.distributions(text, np.array([51]))


def test_text_of_one_repeated_token():
    model = KneserNey.train(np.full(1000, 2), 4, 6)
    after = following(model, np.full(10, 2))
    assert after[2] > 0.99
    assert (after > 0).all()
    assert after.sum() == pytest.approx(1)


def test_text_shorter_than_the_order():
    short = KneserNey.train(np.array([1, 2]), 3, 8)
    enough = KneserNey.train(np.array([1, 2]), 3, 3)
    context = np.array([0, 1, 2, 1])
    np.testing.assert_array_equal(following(short, context), following(enough, context))
    assert (short.discounts[3:] == 0).all()
    assert short.log_probabilities(np.array([1])).shape == (0,)
    assert short.log_probabilities(np.array([], dtype=int)).shape == (0,)


def test_small_integer_dtypes_and_memory_maps(tmp_path):
    text = random_text(60_000, 500, seed=5)
    path = tmp_path / "ids"
    mapped = np.memmap(path, dtype=np.uint16, mode="w+", shape=text.shape)
    mapped[:] = text
    wide, narrow = (KneserNey.train(ids, 65_000, 5) for ids in (text, mapped))
    np.testing.assert_array_equal(wide.log_probabilities(text), narrow.log_probabilities(mapped))


def test_higher_order_helps_on_a_text_with_long_context():
    # Each token is the sum of the previous two: a trigram can predict it, a bigram cannot.
    text = [1, 1]
    for draw in np.random.default_rng(0).random(5000):
        text.append((text[-1] + text[-2]) % 7 if draw < 0.9 else int(draw * 1000) % 7)
    train, test = np.array(text[:4000]), np.array(text[4000:])
    nats = [-KneserNey.train(train, 7, order).log_probabilities(test).mean() for order in (2, 3)]
    assert nats[1] < 0.6 * nats[0]


@pytest.mark.parametrize(("vocabulary", "order"), [(5, 0), (0, 2)])
def test_settings_out_of_range_are_refused(vocabulary, order):
    with pytest.raises(SettingError):
        KneserNey.train(np.array([1, 2]), vocabulary, order)


@pytest.mark.parametrize("ids", [np.array([], dtype=int), np.array([0])])
def test_empty_text_is_refused(ids):
    with pytest.raises(EmptyTextError):
        KneserNey.train(ids, 5, 2)


@pytest.mark.parametrize("ids", [np.array([5]), np.array([-1, 2]), np.array([1.0]), np.eye(2)])
def test_malformed_ids_are_refused(ids):
    model = KneserNey.train(np.array([1, 2, 3]), 5, 2)
    for use in (lambda i: KneserNey.train(i, 5, 2), model.log_probabilities):
        with pytest.raises(ValueError, match="expected"):
            use(ids)
    with pytest.raises(SettingError):
        model.distributions(np.array([1, 2]), batch=0)
