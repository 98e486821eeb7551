"""Each word's most frequent tag, worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import EmptyTextError
from elman.tasks.tagging.baseline import MostFrequentTag
from elman.text.tagsets import illegal_tags


def tags_of(baseline, text):
    return list(baseline.predict([text.split()])[0])


def test_a_word_then_its_lower_case_then_the_tag_of_rare_words():
    words = ["The the the can can can Can fly fly", "Will will will run ox elk"]
    tags = ["DET DET DET AUX AUX NOUN PROPN VERB VERB", "PROPN AUX AUX VERB NOUN NOUN"]
    baseline = MostFrequentTag().fit([w.split() for w in words], [t.split() for t in tags])
    assert tags_of(baseline, "can Can") == ["AUX", "PROPN"]  # as it is written
    assert tags_of(baseline, "CAN THE WILL") == ["AUX", "DET", "AUX"]  # as it is in lower case
    # Of the words seen once (The, Can, Will, run, ox, elk) two are nouns, two are names; there are
    # more nouns overall.
    assert tags_of(baseline, "yak") == ["NOUN"]


def test_a_word_that_occurs_in_capitals_only_is_known_in_lower_case_too():
    baseline = MostFrequentTag().fit([["Rome", "Rome", "cat"]], [["PROPN", "PROPN", "NOUN"]])
    assert tags_of(baseline, "rome ROME dog") == ["PROPN", "PROPN", "NOUN"]


def test_an_unknown_word_is_tagged_as_words_that_occur_once():
    baseline = MostFrequentTag().fit([["of", "of", "of", "cat"]], [["ADP", "ADP", "ADP", "NOUN"]])
    assert tags_of(baseline, "dog") == ["NOUN"]
    often = MostFrequentTag().fit([["of", "of", "a"] * 2], [["ADP", "ADP", "DET"] * 2])
    assert tags_of(often, "dog") == ["ADP"]  # no word was seen once


def test_tags_of_entities_are_made_legal():
    words = [["New", "York", "and", "York"], ["York", "is", "old"], ["the", "New", "one"]]
    tags = [["B-LOC", "I-LOC", "O", "I-LOC"], ["B-LOC", "O", "O"], ["O", "O", "O"]]
    baseline = MostFrequentTag().fit(words, tags)
    # York's most frequent tag is I-LOC, New's is O of equals: O is the more frequent overall.
    assert tags_of(baseline, "old York York") == ["O", "B-LOC", "I-LOC"]


sentence = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"])),
    min_size=1,
    max_size=6,
)


@given(st.lists(sentence, min_size=1, max_size=5), st.lists(st.sampled_from("abcdez"), max_size=9))
def test_no_sequence_is_illegal(training, words):
    given_words, given_tags = (
        [[pair[side] for pair in each] for each in training] for side in (0, 1)
    )
    # A legal entity first, so that the scheme is known to be BIO whatever else there is.
    baseline = MostFrequentTag().fit(
        [["p", "q"], *given_words] + [["r"]] * 40, [["B-X", "I-X"], *given_tags] + [["B-Y"]] * 40
    )
    assert illegal_tags(baseline.predict([words])[0], "bio") == []


def test_nothing_to_learn():
    with pytest.raises(EmptyTextError, match="no tagged word"):
        MostFrequentTag().fit([[]], [[]])
    with pytest.raises(ValueError, match="argument 2"):
        MostFrequentTag().fit([["a", "b"]], [["X"]])
