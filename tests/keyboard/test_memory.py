"""The user model: counts, limits, mixture weights, and its file."""

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


def learned(text):
    memory = UserModel()
    for line in text.splitlines():
        for observation in observations_of(line):
            memory.learn(observation)
    return memory


def test_observations_are_words_with_the_tokens_before_them():
    assert observations_of("Well, well-known it's") == [
        Observation(("\n", "\n"), "Well"),
        Observation(("Well", ","), "well-known"),
        Observation((",", "well-known"), "it's"),
    ]
    assert context_of("a b c") == ("b", "c")
    assert context_of("") == ("\n", "\n")


def test_learned_words_are_listed_with_counts_and_contexts():
    words = {each.word: each for each in learned(TEXT).learned()}
    assert words["see"].times == 3
    assert words["see"].after == {"\n": 3}
    assert words["soon"].after == {"you": 2}
    assert words["dear"].after == {",": 1}
    assert [each.word for each in learned(TEXT).learned()][:3] == ["see", "you", "soon"]


@given(st.lists(st.sampled_from(["a", "b", "c", ",", "a b", "c."]), max_size=30))
def test_probabilities_of_a_prior_sum_to_one(parts):
    memory = learned(" ".join(parts) + "\n" + " ".join(parts))
    for context in (("\n", "\n"), ("a", "b"), ("b", "c"), ("x", "y")):
        prior = memory.prior(context)
        assert 0 < prior.model <= 1
        assert sum(prior.words.values()) + prior.model == pytest.approx(1)


def test_prior_follows_the_formula():
    """In exact fractions: 9 words, 'you' always followed by soon, soon, there."""
    memory = learned("see you soon\nsee you there\nsee you soon\n")
    prior = memory.prior(("see", "you"))
    no_context = Fraction(5, 100) * Fraction(9, 9 + 500)
    one = two = Fraction(3, 3 + 100)
    soon = no_context * Fraction(2, 9)
    for weight in (one, two):
        soon = (1 - weight) * soon + weight * Fraction(2, 3)
    assert prior.words["soon"] == pytest.approx(float(soon))
    assert prior.model == pytest.approx(float((1 - no_context) * (1 - one) * (1 - two)))


def test_weight_of_counts_grows_when_they_predict_better_than_the_model():
    right, wrong = learned(TEXT), learned(TEXT)
    for _ in range(20):
        right.update_weights(Observation(("see", "you"), "soon"), 1e-4)
        wrong.update_weights(Observation(("see", "you"), "later"), 0.5)
    plain = learned(TEXT).prior(("see", "you")).words["soon"]
    assert right.prior(("see", "you")).words["soon"] > 5 * plain
    assert wrong.prior(("see", "you")).words["soon"] < plain
    assert right.prior(("see", "you")).model >= (1 - memory.MAX_WEIGHT) ** 3


def test_weights_are_updated_by_expectation_maximization():
    """Evidence is the responsibility of the counts, and their prior weight."""
    memory = learned("a b\n")
    before = memory.evidence
    evidence = memory.update_weights(Observation(("x", ","), "b"), 0.2)
    weight = 0.05 * 2 / 502
    responsibility = weight / 2 / ((1 - weight) * 0.2 + weight / 2)
    assert evidence.responsibilities == pytest.approx([responsibility, 0, 0])
    assert evidence.prior_weights == pytest.approx([weight, 0, 0])
    assert memory.evidence.responsibilities[0] == (
        before.responsibilities[0] + evidence.responsibilities[0]
    )
    memory.undo_update(evidence)
    assert memory.evidence.responsibilities == pytest.approx(before.responsibilities)
    assert memory.evidence.prior_weights == pytest.approx(before.prior_weights)


def test_unlearning_everything_leaves_an_empty_memory():
    memory = learned(TEXT)
    for line in TEXT.splitlines():
        for observation in observations_of(line):
            memory.unlearn(observation)
    assert memory.learned() == []
    assert memory.size == 0
    assert list(memory.counts()) == [((), {})]
    memory.unlearn(Observation(("a", "b"), "c"))
    assert memory.size == 0


def test_forgotten_word_is_in_no_context():
    memory = learned(TEXT)
    memory.forget("you")
    assert "you" not in memory
    assert "you" not in str(list(memory.counts()))
    assert "you" not in str(memory.learned())
    assert memory.size == sum(len(words) for _, words in memory.counts())
    memory.forget("you")
    memory.forget_all()
    assert memory.learned() == []
    assert memory.size == 0


def test_least_recently_used_words_are_forgotten_first(monkeypatch):
    monkeypatch.setattr(memory, "MAX_WORDS", 3)
    limited = learned("one two three one four")
    assert {each.word for each in limited.learned()} == {"three", "one", "four"}
    assert "two" not in str(list(limited.counts()))
    monkeypatch.undo()
    monkeypatch.setattr(memory, "MAX_COUNTS", 40)
    limited = learned("\n".join(f"word{number} comes here" for number in range(30)))
    assert limited.size <= 40
    assert limited.size == sum(len(words) for _, words in limited.counts())


def test_long_words_are_not_learned():
    assert learned("x" * 61 + " " + "y" * 60).learned()[0].word == "y" * 60
    assert len(learned("x" * 61)) == 0


# The file


def test_file_round_trip(tmp_path):
    memory = learned(TEXT)
    memory.update_weights(Observation(("see", "you"), "soon"), 0.1)
    save_memory(memory, tmp_path / "me.json")
    loaded = open_memory(tmp_path / "me.json")
    assert list(loaded.counts()) == list(memory.counts())
    assert loaded.size == memory.size
    assert loaded.evidence == memory.evidence
    assert [path.name for path in tmp_path.iterdir()] == ["me.json"]


def test_missing_file_is_an_empty_memory(tmp_path):
    assert len(open_memory(tmp_path / "none.json")) == 0


def test_paths_that_cannot_be_read_or_written_are_refused(tmp_path):
    with pytest.raises(MissingFileError, match="cannot be read"):
        open_memory(tmp_path)
    with pytest.raises(OutputError, match="there is no folder"):
        save_memory(UserModel(), tmp_path / "no" / "me.json")


TRUST = [[2, 2, 2], [2, 2, 2]]
WORDS = [[], {"a": 2, "b": 1}]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ("nonsense", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not the memory of a keyboard"),
        ({"elman": "other"}, "not the memory of a keyboard"),
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
        ({"counts": [WORDS, WORDS]}, "twice"),
        ({"counts": [[[], {"a": 0}]]}, "not a count"),
        ({"counts": [[[], {"a": -1}]]}, "not a count"),
        ({"counts": [[[], {"a": 1.0}]]}, "not a count"),
        ({"counts": [[[], {"a": True}]]}, "not a count"),
        ({"counts": [[[], {"a": 2**60}]]}, "not a count"),
        ({"counts": [WORDS, [["a"], {"hidden": 1}]]}, "not among its words"),
        ({"counts": [WORDS, [["hidden"], {"a": 1}]]}, "not among its words"),
        ({"counts": [[[], {"two words": 1}]]}, "not a word"),
        ({"counts": [[[], {"": 1}]]}, "not a word"),
        ({"counts": [[[], {"\x1b[31m": 1}]]}, "not a word"),
        ({"counts": [[[], {"x" * 61: 1}]]}, "not a word"),
        ({"counts": [[[], {f"w{n}": 1 for n in range(10_001)}]]}, "more than 10,000 words"),
    ],
)
def test_damaged_file_is_refused(tmp_path, content, cause):
    path = tmp_path / "me.json"
    if isinstance(content, dict):
        content = json.dumps(
            {"elman": "keyboard memory", "schema": 1, "counts": [WORDS], "trust": TRUST, **content}
        )
    path.write_text(content)
    with pytest.raises(MemoryFileError, match=cause):
        open_memory(path)


def test_large_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("elman.keyboard.memory_file.MAX_BYTES", 100)
    save_memory(learned(TEXT), tmp_path / "me.json")
    with pytest.raises(MemoryFileError, match="larger than 100 bytes"):
        open_memory(tmp_path / "me.json")
