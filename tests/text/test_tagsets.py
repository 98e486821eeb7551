"""Tagging schemes, compared with definitions as regular expressions."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from elman.errors import SettingError
from elman.text.tagsets import (
    SCHEMES,
    IllegalTag,
    Span,
    conlleval_spans,
    convert_tags,
    detect_scheme,
    illegal_tags,
    spans,
    transitions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

STRUCTURED = [scheme for scheme in SCHEMES if scheme != "plain"]
LABELS = ("x", "y")
each_scheme = st.sampled_from(STRUCTURED)
any_tags = st.lists(
    st.one_of(
        st.just("O"), st.builds("{}-{}".format, st.sampled_from("BIESLU"), st.sampled_from(LABELS))
    ),
    max_size=8,
)


@st.composite
def sound(draw: st.DrawFn, scheme: str | None = None) -> tuple[tuple[str, ...], list[Span], str]:
    """Entities anywhere, written by the book: the tags, the entities, the scheme."""
    scheme = scheme or draw(each_scheme)
    tags: list[str] = []
    result: list[Span] = []
    for gap, length, label in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(("x", "y", ""))))
    ):
        tags += ["O"] * gap
        adjoins = bool(result) and result[-1].end == len(tags) and result[-1].label == label
        letters = {
            "iob1": ("B" if adjoins else "I") + "I" * (length - 1),
            "bio": "B" + "I" * (length - 1),
            "bioes": "S" if length == 1 else "B" + "I" * (length - 2) + "E",
            "bilou": "U" if length == 1 else "B" + "I" * (length - 2) + "L",
        }[scheme]
        result.append(Span(len(tags), len(tags) + length, label))
        tags += [f"{letter}-{label}" if label else letter for letter in letters]
    tags += ["O"] * draw(st.integers(0, 2))
    return tuple(tags), result, scheme


WHOLE = {
    "iob1": "(?:I{0})+(?:B{0}(?:I{0})*)*",
    "bio": "B{0}(?:I{0})*",
    "bioes": "S{0}|B{0}(?:I{0})*E{0}",
    "bilou": "U{0}|B{0}(?:I{0})*L{0}",
}
"""An entity, in IOB1 a run of them, where each tag is a letter and the label."""


def as_text(tags: Sequence[str]) -> str:
    return "".join("O." if tag == "O" else tag[0] + tag[2] for tag in tags)


def is_legal(tags: Sequence[str], scheme: str) -> bool:
    entities = "|".join(WHOLE[scheme].format(label) for label in LABELS)
    return re.fullmatch(rf"(?:O\.|{entities})*", as_text(tags)) is not None


@given(tags=any_tags, scheme=each_scheme)
def test_four_definitions_of_legal_agree(tags: list[str], scheme: str) -> None:
    """By definition, by the mask, by what is reported, and by what a repair leaves alone."""
    legal = is_legal(tags, scheme)
    names = sorted(set(tags)) or ["O"]
    mask = transitions(names, scheme)
    path = [names.index(tag) for tag in tags]
    allowed = not path or (
        mask.start[path[0]]
        and mask.end[path[-1]]
        and all(mask.pairs[a, b] for a, b in pairwise(path))
    )
    assert bool(allowed) == legal
    assert (not illegal_tags(tags, scheme)) == legal
    assert (convert_tags(tags, scheme, scheme) == tuple(tags)) == legal


@given(tags=any_tags, scheme=each_scheme, to=each_scheme)
def test_converted_tags_are_legal_with_the_same_entities(
    tags: list[str], scheme: str, to: str
) -> None:
    there = convert_tags(tags, scheme, to)
    assert is_legal(there, to)
    assert spans(there, to) == conlleval_spans(there) == conlleval_spans(tags)


@given(written=sound(), to=each_scheme)
def test_conversions_go_there_and_back(
    written: tuple[tuple[str, ...], list[Span], str], to: str
) -> None:
    tags, entities, scheme = written
    assert spans(tags, scheme) == conlleval_spans(tags) == entities
    assert not illegal_tags(tags, scheme)
    there = convert_tags(tags, scheme, to)
    assert spans(there, to) == entities
    assert convert_tags(there, to, scheme) == tags


@given(tags=any_tags, scheme=st.sampled_from(["bio", "bioes", "bilou"]))
def test_strict_entities_by_definition(tags: list[str], scheme: str) -> None:
    assume(all(tag[0] in SCHEMES[scheme] + "O" for tag in tags))
    entity = WHOLE[scheme] + ("(?!I{0})" if scheme == "bio" else "")
    pattern = "|".join(entity.format(label) for label in LABELS)
    text = as_text(tags)
    expected = [
        Span(match.start() // 2, match.end() // 2, match[0][1])
        for match in re.finditer(pattern, text)
    ]
    assert spans(tags, scheme) == expected


@pytest.mark.parametrize(
    ("tags", "strict", "lenient"),
    [
        # An inside without a beginning, and one of another label: entities to conlleval only.
        ("I-x I-x O", [], [(0, 2, "x")]),
        ("B-x I-y", [(0, 1, "x")], [(0, 1, "x"), (1, 2, "y")]),
        ("B-x B-x I-x", [(0, 1, "x"), (1, 3, "x")], [(0, 1, "x"), (1, 3, "x")]),
        ("O B I B O I", [(1, 3, ""), (3, 4, "")], [(1, 3, ""), (3, 4, ""), (5, 6, "")]),
        ("NOUN B-x", [(1, 2, "x")], [(1, 2, "x")]),
    ],
)
def test_strict_and_lenient_in_bio(
    tags: str, strict: list[tuple[int, int, str]], lenient: list[tuple[int, int, str]]
) -> None:
    assert spans(tags.split(), "bio") == strict
    assert conlleval_spans(tags.split()) == lenient


def boundary(before: str, now: str) -> tuple[bool, bool]:
    """Whether an entity ends between two tags, and whether one begins: the script's own tables."""
    before_letter, before_label = before[0], before[2:]
    letter, label = now[0], now[2:]
    other = before_label != label
    ends = before_letter + letter in {"BB", "BO", "IB", "IO", "EE", "EI", "EO"}
    begins = before_letter + letter in {"BB", "IB", "OB", "OI", "EE", "EI", "OE"}
    return ends or (before_letter != "O" and other), begins or (letter != "O" and other)


@given(st.lists(st.sampled_from(["O", "B-x", "I-x", "E-x", "B-y", "I-y", "E-y"]), max_size=8))
def test_lenient_entities_are_those_of_the_evaluation_script(tags: list[str]) -> None:
    padded = ["O", *tags, "O"]
    # The script knows E from schemes without B, and misses a B behind it.
    assume(not any(a[0] == "E" and b[0] == "B" for a, b in pairwise(padded)))
    expected, start = [], 0
    for position, (before, now) in enumerate(pairwise(padded)):
        ends, begins = boundary(before, now)
        if ends:
            expected.append(Span(start, position, before[2:]))
        if begins:
            start = position
    assert conlleval_spans(tags) == expected


def test_illegal_tags_have_reasons() -> None:
    assert illegal_tags(["I-x", "B-x", "I-y", "E-y", "NOUN"], "bio") == [
        IllegalTag(0, "I-x", "I-x cannot begin a sentence"),
        IllegalTag(2, "I-y", "I-y cannot follow B-x"),
        IllegalTag(3, "E-y", "E-y is not a tag of bio"),
        IllegalTag(4, "NOUN", "NOUN is not a tag of bio"),
    ]
    assert [each.reason for each in illegal_tags(["B-x", "O", "S-x", "B-x"], "bioes")] == [
        "O cannot follow B-x",
        "B-x cannot end a sentence",
    ]
    assert [each.reason for each in illegal_tags(["B-x", "I-x", "B-x"], "iob1")] == [
        "B-x cannot begin a sentence"
    ]


def test_plain_tags_are_left_alone() -> None:
    tags = ("NOUN", "B-x", "O")
    assert convert_tags(tags, "plain", "bioes") == convert_tags(tags, "bio", "plain") == tags
    assert spans(tags, "plain") == illegal_tags(tags, "plain") == []
    assert all(part.all() for part in transitions(tags, "plain"))


def test_a_tag_of_no_scheme_is_allowed_nowhere() -> None:
    start, pairs, end = transitions(["O", "NOUN"], "bio")
    assert start.tolist() == end.tolist() == [True, False]
    assert pairs.tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-x S-x", [(0, 1), (1, 2)]),
        ("S-x I-x E-x", [(0, 1), (1, 3)]),
        ("B-x E-x B-x", [(0, 2), (2, 3)]),
        ("B-x L-x I-x U-x", [(0, 2), (2, 3), (3, 4)]),
    ],
)
def test_lenient_entities_of_bioes(tags: str, expected: list[tuple[int, int]]) -> None:
    assert [span[:2] for span in conlleval_spans(tags.split())] == expected


def test_the_mask_of_bio() -> None:
    start, pairs, end = transitions(["O", "B-x", "I-x", "I-y"], "bio")
    assert start.tolist() == [True, True, False, False]
    assert pairs.tolist() == [
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, False],
        [True, True, False, True],
    ]
    assert end.all()
    assert [part.shape for part in transitions([], "bioes")] == [(0,), (0, 0), (0,)]
    assert all(part.dtype == np.bool_ for part in (start, pairs, end))


@given(st.data(), each_scheme)
def test_a_scheme_is_recognised(data: st.DataObject, scheme: str) -> None:
    sentences = data.draw(st.lists(sound(scheme).map(lambda each: each[0]), max_size=4))
    # One sentence in which each scheme can be told from the others.
    telling = {
        "iob1": "O I-x I-x",
        "bio": "O B-x I-x",
        "bioes": "B-x E-x",
        "bilou": "B-x L-x",
    }[scheme]
    alone = [entity for tags in sentences for entity in conlleval_spans(tags)]
    assert detect_scheme([*sentences, *[telling.split()] * (1 + len(alone))]) == scheme


@pytest.mark.parametrize(
    ("sentences", "scheme"),
    [
        (["NOUN VERB"], "plain"),
        (["O O"], "plain"),
        ([], "plain"),
        (["S E X"], "plain"),
        (["S E O"], "plain"),
        (["S E L"], "plain"),
        (["B-x E-x U-x"], "plain"),
        (["B-x NOUN"], "plain"),
        (["B- O"], "plain"),
        (["-LRB- B-x"], "plain"),
        (["B I O"], "bio"),
        (["B I E S"], "bioes"),
        (["S-x O"], "bioes"),
        (["B-x O", "I-x O", "B-x O"], "bio"),
        (["I-x B-x", "I-x B-x"], "iob1"),
        (["O B-x", "B-x B-x B-x", "I-y"], "bio"),
    ],
)
def test_recognised_by_hand(sentences: list[str], scheme: str) -> None:
    assert detect_scheme([each.split() for each in sentences]) == scheme


def test_unknown_schemes_are_refused() -> None:
    for call in (
        lambda: convert_tags(["O"], "iob", "bio"),
        lambda: convert_tags(["O"], "bio", "BIOES"),
        lambda: transitions(["O"], "io"),
        lambda: illegal_tags(["O"], "io"),
        lambda: spans(["O"], "io"),
    ):
        with pytest.raises(SettingError, match="plain, iob1, bio, bioes or bilou"):
            call()
