"""What is remembered: counts, bounds, and the file they are kept in."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import MemoryFileError, MissingFileError, OutputError
from elman.keyboard import UserModel, memory, open_memory, save_memory
from elman.keyboard.observations import Observation, context_of, observations_of

TEXT = "see you soon, dear Zyzzy\nsee you there\nsee you soon. “So?” it's 漢字\n"


def taught(text):
    memory = UserModel()
    for line in text.splitlines():
        for lesson in observations_of(line):
            memory.learn(lesson)
    return memory


def test_lessons_are_words_with_the_tokens_before_them():
    assert observations_of("Well, well-known it's") == [
        Observation(("\n", "\n"), "Well"),
        Observation(("Well", ","), "well-known"),
        Observation((",", "well-known"), "it's"),
    ]
    assert context_of("a b c") == ("b", "c")
    assert context_of("") == ("\n", "\n")


def test_what_is_learned_is_listed_with_what_it_follows():
    found = {each.word: each for each in taught(TEXT).learned()}
    assert found["see"].times == 3
    assert found["see"].after == {"\n": 3}
    assert found["soon"].after == {"you": 2}
    assert found["dear"].after == {",": 1}
    assert [each.word for each in taught(TEXT).learned()][:3] == ["see", "you", "soon"]


@given(st.lists(st.sampled_from(["a", "b", "c", ",", "a b", "c."]), max_size=30))
def test_shares_of_belief_make_one(parts):
    memory = taught(" ".join(parts) + "\n" + " ".join(parts))
    for context in (("\n", "\n"), ("a", "b"), ("b", "c"), ("x", "y")):
        found = memory.prior(context)
        assert 0 < found.model <= 1
        assert sum(found.words.values()) + found.model == pytest.approx(1)


def test_the_mixture_is_that_of_its_formula():
    """Worked out in fractions: 9 words, 'you' always followed by soon, soon, there."""
    memory = taught("see you soon\nsee you there\nsee you soon\n")
    found = memory.prior(("see", "you"))
    alone = Fraction(5, 100) * Fraction(9, 9 + 500)
    one = two = Fraction(3, 3 + 100)
    soon = alone * Fraction(2, 9)
    for share in (one, two):
        soon = (1 - share) * soon + share * Fraction(2, 3)
    assert found.words["soon"] == pytest.approx(float(soon))
    assert found.model == pytest.approx(float((1 - alone) * (1 - one) * (1 - two)))


def test_counts_that_are_right_are_trusted_and_those_that_are_wrong_are_not():
    right, wrong = taught(TEXT), taught(TEXT)
    for _ in range(20):
        right.weigh(Observation(("see", "you"), "soon"), 1e-4)
        wrong.weigh(Observation(("see", "you"), "later"), 0.5)
    plain = taught(TEXT).prior(("see", "you")).words["soon"]
    assert right.prior(("see", "you")).words["soon"] > 5 * plain
    assert wrong.prior(("see", "you")).words["soon"] < plain
    assert right.prior(("see", "you")).model >= (1 - memory.MOST) ** 3


def test_trust_is_what_mixtures_learn_by_expectation():
    """The responsibility of one context's counts, against what they claim."""
    found = taught("a b\n")
    before = found.trust
    evidence = found.weigh(Observation(("x", ","), "b"), 0.2)
    share = 0.05 * 2 / 502
    assert evidence.won == pytest.approx([share / 2 / ((1 - share) * 0.2 + share / 2), 0, 0])
    assert evidence.claimed == pytest.approx([share, 0, 0])
    assert found.trust.won[0] == before.won[0] + evidence.won[0]
    found.unweigh(evidence)
    assert found.trust.won == pytest.approx(before.won)
    assert found.trust.claimed == pytest.approx(before.claimed)


def test_taking_lessons_back_leaves_nothing():
    memory = taught(TEXT)
    for line in TEXT.splitlines():
        for lesson in observations_of(line):
            memory.unlearn(lesson)
    assert memory.learned() == []
    assert memory.size == 0
    assert list(memory.counts()) == [((), {})]
    memory.unlearn(Observation(("a", "b"), "c"))
    assert memory.size == 0


def test_a_word_forgotten_is_nowhere():
    memory = taught(TEXT)
    memory.forget("you")
    assert "you" not in memory
    assert "you" not in str(list(memory.counts()))
    assert "you" not in str(memory.learned())
    assert memory.size == sum(len(words) for _, words in memory.counts())
    memory.forget("you")
    memory.forget_all()
    assert memory.learned() == []
    assert memory.size == 0


def test_what_was_used_longest_ago_goes_first(monkeypatch):
    monkeypatch.setattr(memory, "MAX_WORDS", 3)
    found = taught("one two three one four")
    assert {each.word for each in found.learned()} == {"three", "one", "four"}
    assert "two" not in str(list(found.counts()))
    monkeypatch.undo()
    monkeypatch.setattr(memory, "MAX_COUNTS", 40)
    found = taught("\n".join(f"word{number} comes here" for number in range(30)))
    assert found.size <= 40
    assert found.size == sum(len(words) for _, words in found.counts())


def test_what_is_too_long_is_not_learned():
    assert taught("x" * 61 + " " + "y" * 60).learned()[0].word == "y" * 60
    assert len(taught("x" * 61)) == 0


# The file


def test_a_file_keeps_all_of_it(tmp_path):
    memory = taught(TEXT)
    memory.weigh(Observation(("see", "you"), "soon"), 0.1)
    save_memory(memory, tmp_path / "me.json")
    loaded = open_memory(tmp_path / "me.json")
    assert list(loaded.counts()) == list(memory.counts())
    assert loaded.size == memory.size
    assert loaded.trust == memory.trust
    assert [path.name for path in tmp_path.iterdir()] == ["me.json"]


def test_a_file_that_is_not_there_yet_is_a_new_memory(tmp_path):
    assert len(open_memory(tmp_path / "none.json")) == 0


def test_places_that_are_none(tmp_path):
    with pytest.raises(MissingFileError, match="cannot be read"):
        open_memory(tmp_path)
    with pytest.raises(OutputError, match="there is no folder"):
        save_memory(UserModel(), tmp_path / "no" / "me.json")


TRUST = [[2, 2, 2], [2, 2, 2]]
WORDS = [[], {"a": 2, "b": 1}]


@pytest.mark.parametrize(
    ("about", "cause"),
    [
        ("nonsense", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "no keyboard's memory"),
        ({"elman": "other"}, "no keyboard's memory"),
        ({"schema": 2}, "schema 2, and this version reads up to 1"),
        ({"schema": True}, "schema is True"),
        ({"schema": "1"}, "schema is '1'"),
        ({"trust": [[2, 2, 2], [2, 2]]}, "trust is malformed"),
        ({"trust": [[2, 2, 2], [2, 2, 0]]}, "trust is malformed"),
        ({"trust": [[2, 2, float("nan")], [2, 2, 2]]}, "trust is malformed"),
        ({"trust": [[2, 2, float("inf")], [2, 2, 2]]}, "trust is malformed"),
        ({"counts": {}}, "malformed"),
        ({"counts": [[[], {"a": 1}, 3]]}, "malformed"),
        ({"counts": [WORDS, [[1], {"a": 1}]]}, "malformed"),
        ({"counts": [WORDS, [["a"], {}]]}, "malformed"),
        ({"counts": [WORDS, [["a", "a", "a"], {"a": 1}]]}, "malformed"),
        ({"counts": [WORDS, WORDS]}, "says twice"),
        ({"counts": [[[], {"a": 0}]]}, "no count"),
        ({"counts": [[[], {"a": -1}]]}, "no count"),
        ({"counts": [[[], {"a": 1.0}]]}, "no count"),
        ({"counts": [[[], {"a": True}]]}, "no count"),
        ({"counts": [[[], {"a": 2**60}]]}, "no count"),
        ({"counts": [WORDS, [["a"], {"hidden": 1}]]}, "not among its words"),
        ({"counts": [WORDS, [["hidden"], {"a": 1}]]}, "not among its words"),
        ({"counts": [[[], {"two words": 1}]]}, "no word"),
        ({"counts": [[[], {"": 1}]]}, "no word"),
        ({"counts": [[[], {"\x1b[31m": 1}]]}, "no word"),
        ({"counts": [[[], {"x" * 61: 1}]]}, "no word"),
        ({"counts": [[[], {f"w{n}": 1 for n in range(10_001)}]]}, "more than 10,000 words"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, about, cause):
    path = tmp_path / "me.json"
    if isinstance(about, dict):
        about = json.dumps(
            {"elman": "keyboard memory", "schema": 1, "counts": [WORDS], "trust": TRUST, **about}
        )
    path.write_text(about)
    with pytest.raises(MemoryFileError, match=cause):
        open_memory(path)


def test_a_file_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("elman.keyboard.memory_file.LIMIT", 100)
    save_memory(taught(TEXT), tmp_path / "me.json")
    with pytest.raises(MemoryFileError, match="larger than 100 bytes"):
        open_memory(tmp_path / "me.json")
