"""Tags and their ids: decoding inverts encoding in every scheme."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError, ModelFileError
from elman.text.tag_vocabulary import TagVocabulary
from elman.text.tagsets import SCHEMES, conlleval_spans, convert_tags, illegal_tags, spans

ENTITIES = [scheme for scheme in SCHEMES if scheme != "plain"]
schemes = st.sampled_from(ENTITIES)
bioes = st.lists(st.sampled_from(["O", "B-A", "I-A", "E-A", "S-A", "B-", "S-Bc"]), max_size=12)


def in_scheme(tags, scheme):
    """A legal sequence of the scheme, from tags however wild."""
    tags = [tag.removesuffix("-") for tag in tags]
    return convert_tags(convert_tags(tags, "bioes", "bioes"), "bioes", scheme)


@given(tags=bioes, scheme=schemes)
def test_tags_come_back(tags, scheme):
    vocabulary = TagVocabulary(scheme, ["", "A", "Bc"])
    legal = in_scheme(tags, scheme)
    numbers = vocabulary.encode(legal)
    assert numbers.shape == (len(tags),)
    assert vocabulary.decode(numbers.tolist()) == list(legal)
    inner = [vocabulary.inner[number] for number in numbers]
    assert spans(inner, "bioes") == conlleval_spans(legal)
    assert set(legal) <= set(vocabulary.tags)


@given(
    numbers=st.lists(st.integers(0, 12), max_size=12),
    scheme=schemes,
)
def test_legal_ids_decode_to_legal_tags(numbers, scheme):
    vocabulary = TagVocabulary(scheme, ["", "A", "Bc"])
    start, pairs, end = vocabulary.transitions
    legal_ids = []
    for number in numbers:  # the legal beginning of a random sequence, closed at its end
        if pairs[legal_ids[-1], number] if legal_ids else start[number]:
            legal_ids.append(number)
    while legal_ids and not end[legal_ids[-1]]:
        legal_ids.pop()
    decoded = vocabulary.decode(legal_ids)
    assert not illegal_tags(decoded, scheme)
    assert vocabulary.encode(decoded).tolist() == legal_ids


@given(tags=bioes, scheme=st.sampled_from(["bio", "bioes", "bilou"]))
def test_outer_agrees_with_decoding(tags, scheme):
    vocabulary = TagVocabulary(scheme, ["", "A", "Bc"])
    legal = in_scheme(tags, scheme)
    indices = vocabulary.outer[vocabulary.encode(legal)]
    assert [vocabulary.tags[index] for index in indices] == list(legal)


def test_the_beginnings_of_iob1_are_counted_with_its_insides():
    vocabulary = TagVocabulary("iob1", ["A"])
    assert vocabulary.tags == ["O", "B-A", "I-A"]
    assert vocabulary.outer.tolist() == [0, 2, 2, 2, 2]


def test_plain_tags_stay_as_they_are():
    vocabulary = TagVocabulary.learn([["NOUN", "VERB"], ["X", "NOUN"]])
    assert vocabulary.scheme == "plain"
    assert vocabulary.tags == vocabulary.inner == ["NOUN", "VERB", "X"]
    assert vocabulary.encode(["X", "NOUN"]).tolist() == [2, 0]
    assert vocabulary.outer.tolist() == [0, 1, 2]
    assert all(np.all(mask) for mask in vocabulary.transitions)


@pytest.mark.parametrize(
    ("tags", "scheme", "learned"),
    [
        (["B-A", "I-A", "O", "B-B"], "bio", ["O", "B-A", "I-A", "B-B", "I-B"]),
        (["I-A", "O", "I-B"], "iob1", ["O", "B-A", "I-A", "B-B", "I-B"]),
        (["B-A", "E-A", "S-A"], "bioes", ["O", "B-A", "I-A", "E-A", "S-A"]),
        (["B-A", "L-A", "U-A"], "bilou", ["O", "B-A", "I-A", "L-A", "U-A"]),
        (["B", "I", "O"], "bio", ["O", "B", "I"]),
    ],
)
def test_a_scheme_has_all_tags_of_its_labels(tags, scheme, learned):
    vocabulary = TagVocabulary.learn([tags])
    assert vocabulary.scheme == scheme
    assert vocabulary.tags == learned
    assert len(vocabulary.inner) == 1 + 4 * len(vocabulary.labels)


def test_illegal_tags_are_read_as_conlleval_reads_them():
    vocabulary = TagVocabulary("bio", ["A"])
    assert vocabulary.decode(vocabulary.encode(["O", "I-A", "I-A"]).tolist()) == ["O", "B-A", "I-A"]


@pytest.mark.parametrize(
    ("sequences", "cause"),
    [
        ([["O", "O"], ["O"]], "every word has the tag 'O'"),
        ([], "no tag"),
        ([[str(number)] for number in range(1001)], "1,001 tags are more than 1,000"),
        ([[f"B-{number}"] for number in range(250)], "1,001 tags"),
    ],
)
def test_too_few_or_too_many_tags(sequences, cause):
    with pytest.raises(InputError, match=cause):
        TagVocabulary.learn(sequences)


@pytest.mark.parametrize(
    "vocabulary", [TagVocabulary("plain", ["A", "é b"]), TagVocabulary("bilou", ["", "A"])]
)
def test_it_is_plain_data_and_back(vocabulary):
    back = TagVocabulary.from_json(vocabulary.to_json())
    assert (back.scheme, back.tags, back.inner) == (
        vocabulary.scheme,
        vocabulary.tags,
        vocabulary.inner,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "word"},
        {"scheme": "iob7"},
        {"scheme": 3},
        {"labels": ["A", "A"]},
        {"labels": ["A", 3]},
        {"labels": ["A", "B\tC"]},
        {"labels": []},
        {"labels": [str(number) for number in range(251)]},
        {"scheme": "plain", "labels": ["A"]},
        {"scheme": "plain", "labels": ["A", ""]},
        {"scheme": "plain", "labels": [str(number) for number in range(1001)]},
        {"more": 1},
    ],
)
def test_anything_else_is_damage(changes):
    sound = {"name": "tags", "scheme": "bio", "labels": ["A"]}
    TagVocabulary.from_json(sound)
    with pytest.raises(ModelFileError):
        TagVocabulary.from_json(sound | changes)
    with pytest.raises(ModelFileError):
        TagVocabulary.from_json(None)
