"""Corpora: exact tokens and counts, made once, cut where a line ends."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elman.data import corpus_file as corpus_file_module
from elman.data.cache import Cache
from elman.data.corpus import Corpus
from elman.errors import EmptyTextError, InputError, SettingError
from elman.text.files import TextSource
from elman.text.tokenizers.characters import Characters
from elman.text.tokenizers.subwords import Subwords
from elman.text.tokenizers.table import TOKENIZERS
from elman.text.tokenizers.tokenizer import BOUNDARY, Tokenizer
from elman.text.tokenizers.words import Words

PROSE = 'The cat, the dog and "the bird" sat.\n\nWhat now? L\'été: 漢字 😀.\n'

each_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def texts_in(corpus: Corpus) -> list[str]:
    borders = np.flatnonzero(corpus.ids == BOUNDARY)
    return [corpus.tokenizer.decode(part) for part in np.split(corpus.ids, borders)][1:]


@each_tokenizer
def test_documents_become_tokens_and_come_back(tokenizer: type[Tokenizer], cache: Cache) -> None:
    documents = [PROSE, "", "no newline", "\n \n", PROSE * 3]
    corpus = Corpus.prepare(TextSource.from_texts(documents), tokenizer, cache=cache)
    assert texts_in(corpus) == documents
    assert corpus.ids[0] == BOUNDARY
    assert corpus.ids.dtype == np.uint16
    assert isinstance(corpus.ids, np.memmap)
    assert corpus.documents == 5
    assert corpus.characters == sum(map(len, documents))
    assert corpus.words == sum(len(document.split()) for document in documents)
    assert len(corpus) == len(corpus.ids)


@each_tokenizer
@given(
    texts=st.lists(st.text(st.sampled_from("ab ,\n漢'\""), max_size=30), min_size=1, max_size=4),
    chunk_size=st.integers(1, 12),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_chunks_leave_no_trace(
    tokenizer: type[Tokenizer], cache: Cache, texts: list[str], chunk_size: int
) -> None:
    texts[0] = "ab, " + texts[0]
    learned = tokenizer.learn(["a b , ab\n"])
    source = TextSource.from_texts(texts, chunk_size=chunk_size)
    cache.clear()
    corpus = Corpus.prepare(source, learned, cache=cache)
    assert texts_in(corpus) == texts
    assert corpus.characters == sum(map(len, texts))
    assert corpus.words == sum(len(text.split()) for text in texts)


def test_many_tokens_take_four_bytes(cache: Cache) -> None:
    tokenizer = Characters("".join(map(chr, [*range(0x20, 0xD800), *range(0xE000, 0x11000)])))
    assert tokenizer.size > 1 << 16
    corpus = Corpus.prepare(TextSource.from_texts(["\U00010fff a"]), tokenizer, cache=cache)
    assert corpus.ids.dtype == np.uint32
    assert texts_in(corpus) == ["\U00010fff a"]


@each_tokenizer
def test_the_same_text_is_prepared_once(
    tokenizer: type[Tokenizer], cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    first = Corpus.prepare(TextSource([tmp_path / "a.txt"]), tokenizer, cache=cache)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("done again")

    monkeypatch.setattr(corpus_file_module, "write", never)
    monkeypatch.setattr(tokenizer, "learn", never)
    steps: list[str] = []
    elsewhere = TextSource.from_texts([PROSE])
    again = Corpus.prepare(
        elsewhere, tokenizer, cache=cache, progress=lambda step, *_: steps.append(step)
    )
    assert set(steps) == {"reading"}
    assert again.key == first.key
    assert again.content_hash == first.content_hash == elsewhere.content_hash()
    assert (again.ids == first.ids).all()
    by_instance = Corpus.prepare(elsewhere, first.tokenizer, cache=cache)
    assert by_instance.key == first.key


@each_tokenizer
def test_a_corpus_is_found_by_key_or_hash(tokenizer: type[Tokenizer], cache: Cache) -> None:
    corpus = Corpus.prepare(TextSource.from_texts([PROSE]), tokenizer, cache=cache)
    for name in (corpus.key, corpus.content_hash):
        result = Corpus.find(name, corpus.tokenizer, cache)
        assert result is not None
        assert (result.ids == corpus.ids).all()
        assert (result.characters, result.words) == (corpus.characters, corpus.words)
    other = tokenizer.learn(["another " * 300])
    assert Corpus.find(corpus.content_hash, other, cache) is None
    assert Corpus.find(corpus.key, other, cache) is None
    assert Corpus.find("0" * 64, corpus.tokenizer, cache) is None


def test_a_part_is_found_by_its_key(cache: Cache) -> None:
    corpus = Corpus.prepare(TextSource.from_texts([PROSE * 20]), Words, cache=cache)
    for part in corpus.split():
        result = Corpus.find(part.key, corpus.tokenizer, cache)
        assert result is not None
        assert result.key == part.key
        assert result.start == part.start
        assert (result.ids == part.ids).all()
        assert (result.characters, result.words) == (part.characters, part.words)
    assert Corpus.find(corpus.key + "+0-999999", corpus.tokenizer, cache) is None
    assert Corpus.find(corpus.key + "+x", corpus.tokenizer, cache) is None


@pytest.mark.parametrize("damage", ["short", "counts", "tokens", "no json", "other tokenizer"])
def test_a_damaged_corpus_is_made_again(cache: Cache, damage: str) -> None:
    source = TextSource.from_texts([PROSE])
    corpus = Corpus.prepare(source, Characters, cache=cache)
    expected = corpus.ids.tolist()
    folder = cache.folder_of(corpus.key)
    assert folder is not None
    about = json.loads((folder / "corpus.json").read_text())
    match damage:
        case "short":
            with (folder / "ids.bin").open("r+b") as file:
                file.truncate(7)
        case "counts":
            del about["words"]
        case "tokens":
            about["tokens"] -= 1
        case "no json":
            about = []
        case "other tokenizer":
            about["tokenizer"]["characters"] = about["tokenizer"]["characters"][1:] + "\U0010ffff"
    before = (folder / "corpus.json").stat().st_size
    text = json.dumps(about)
    # As long as before, so that it is not the cache that notices.
    (folder / "corpus.json").write_text(text.ljust(before))
    assert Corpus.find(corpus.key, corpus.tokenizer, cache) is None
    assert Corpus.prepare(source, Characters, cache=cache).ids.tolist() == expected


def test_a_damaged_vocabulary_is_learned_again(cache: Cache) -> None:
    source = TextSource.from_texts([PROSE])
    corpus = Corpus.prepare(source, Words, cache=cache)
    (entry,) = (entry for entry in cache.entries() if entry.kind == "tokenizer")
    file = cache.folder / entry.key / "tokenizer.json"
    file.write_text("[]".ljust(file.stat().st_size))
    assert Corpus.prepare(source, Words, cache=cache).key == corpus.key


def test_size_belongs_to_learning(cache: Cache) -> None:
    source = TextSource.from_texts([PROSE])
    assert Corpus.prepare(source, Characters, cache=cache, size=260).tokenizer.size == 260
    assert Corpus.prepare(source, Characters, cache=cache).tokenizer.size > 260
    with pytest.raises(SettingError, match="size: is given together with a vocabulary"):
        Corpus.prepare(source, Characters("ab"), cache=cache, size=260)


def test_progress(cache: Cache, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(name + PROSE * 10)
    source = TextSource([tmp_path / "a.txt", tmp_path / "b.txt"])
    calls: list[tuple[str, int, int]] = []
    Corpus.prepare(source, Subwords, cache=cache, progress=lambda *progress: calls.append(progress))
    assert [step for step, done, total in calls if done == total] == [
        "reading",
        "learning",
        "encoding",
    ]
    assert {total for _, _, total in calls} == {source.size}


def test_a_text_that_changes_meanwhile(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("first text\n")
    source = TextSource([path])
    hashed = source.content_hash()
    monkeypatch.setattr(source, "content_hash", lambda _: hashed)
    path.write_text("other text\n")
    with pytest.raises(InputError) as caught:
        Corpus.prepare(source, Characters, cache=cache)
    assert str(caught.value) == f"{path}: changed while it was being read. Wait, and run it again"
    assert [entry.kind for entry in cache.entries()] == ["tokenizer"]


@pytest.mark.parametrize(
    ("text", "tokenizer", "line"),
    [
        ("", Characters, "the texts given: holds no text. Name a file with text in it"),
        (
            "aaaa",
            Characters,
            "the texts given: holds only one distinct token, 'a'. "
            "A model has nothing to learn; add text, or choose --tokenizer character",
        ),
        (
            "word word",
            Words,
            "the texts given: holds only one distinct token, 'word'. "
            "A model has nothing to learn; add text, or choose --tokenizer character",
        ),
    ],
)
def test_too_little_text(cache: Cache, text: str, tokenizer: type[Tokenizer], line: str) -> None:
    with pytest.raises(EmptyTextError) as caught:
        Corpus.prepare(TextSource.from_texts([text]), tokenizer, cache=cache)
    assert caught.value.in_shell == line


@each_tokenizer
@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_a_split_is_after_a_line_and_counts_are_right(
    tokenizer: type[Tokenizer], cache: Cache, fraction: float
) -> None:
    corpus = Corpus.prepare(TextSource.from_texts([PROSE * 30, PROSE * 9]), tokenizer, cache=cache)
    train, held_out = corpus.split(fraction)
    assert np.shares_memory(train.ids, corpus.ids)
    assert [*train.ids, *held_out.ids] == corpus.ids.tolist()
    assert abs(len(held_out) / len(corpus) - fraction) < 0.1
    for part in (train, held_out):
        text = tokenizer.decode(corpus.tokenizer, part.ids)
        assert part.characters == len(text)
        assert part.words == len(text.split())
    assert tokenizer.decode(corpus.tokenizer, train.ids).endswith("\n")
    assert train.documents + held_out.documents in (2, 3)
    assert (train.start, held_out.start) == (0, len(train))
    again, _ = train.split(fraction)
    assert again.key.startswith(corpus.key + "+0-")
    assert again.characters == len(tokenizer.decode(corpus.tokenizer, again.ids))


@each_tokenizer
def test_a_split_without_any_line_end(tokenizer: type[Tokenizer], cache: Cache) -> None:
    corpus = Corpus.prepare(TextSource.from_texts(["one two; " * 100]), tokenizer, cache=cache)
    train, held_out = corpus.split(0.3)
    text = corpus.tokenizer.decode(held_out.ids)
    assert held_out.characters == len(text)
    assert held_out.words == len(text.split())
    assert train.characters + held_out.characters == corpus.characters
    assert train.words + held_out.words == corpus.words == 200
    assert abs(train.characters - len(corpus.tokenizer.decode(train.ids))) <= 1


@each_tokenizer
def test_the_validation_set_begins_with_text(tokenizer: type[Tokenizer], cache: Cache) -> None:
    corpus = Corpus.prepare(TextSource.from_texts(["a line\n"] * 50), tokenizer, cache=cache)
    train, held_out = corpus.split(0.2)
    assert held_out.ids[0] != BOUNDARY
    assert train.ids[-1] == BOUNDARY
    assert corpus.tokenizer.decode(held_out.ids) == "a line\n" * held_out.documents


def test_a_part_of_a_part_is_found(cache: Cache) -> None:
    corpus = Corpus.prepare(TextSource.from_texts([PROSE * 30]), Characters, cache=cache)
    for part in corpus.split(0.5)[1].split(0.5):
        result = Corpus.find(part.key, corpus.tokenizer, cache)
        assert result is not None
        assert result.ids.tolist() == part.ids.tolist()


def test_a_distant_line_end_does_not_shrink_the_validation_set(cache: Cache) -> None:
    text = "no line ends here " * 500 + "\nshort end"
    corpus = Corpus.prepare(TextSource.from_texts([text]), Characters, cache=cache)
    assert len(corpus.split(0.1)[1]) >= 450


def test_a_split_between_documents(cache: Cache) -> None:
    documents = [f"document {number}" for number in range(100)]
    corpus = Corpus.prepare(TextSource.from_texts(documents), Characters, cache=cache)
    train, held_out = corpus.split(0.1)
    assert corpus.tokenizer.decode(held_out.ids).startswith("document 9")
    assert train.documents + held_out.documents == 100
    assert held_out.words == 2 * held_out.documents, "documents that touch share no word"
    assert train.words + held_out.words == corpus.words == 200


def test_the_size_of_the_validation_set_is_limited(cache: Cache) -> None:
    corpus = Corpus.prepare(TextSource.from_texts([PROSE * 30]), Characters, cache=cache)
    _, held_out = corpus.split(0.5, max_tokens=100)
    assert 50 <= len(held_out) <= 100


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"fraction": 0.0}, "fraction: 0.0 is not between 0 and 1"),
        ({"fraction": 1.0}, "fraction: 1.0 is not between 0 and 1"),
        ({"max_tokens": 0}, "max_tokens: 0 is not at least 1"),
    ],
)
def test_a_split_that_makes_no_sense(cache: Cache, settings: dict[str, float], line: str) -> None:
    corpus = Corpus.prepare(TextSource.from_texts(["ab"]), Characters, cache=cache)
    with pytest.raises(SettingError) as caught:
        corpus.split(**settings)  # type: ignore[arg-type]
    assert caught.value.in_shell == line


def test_too_short_to_split(cache: Cache) -> None:
    tokenizer = Words.learn(["a b\n"])
    corpus = Corpus.prepare(TextSource.from_texts(["ab"]), Characters, cache=cache)
    train, held_out = corpus.split()
    assert (len(train), len(held_out)) == (2, 1)
    short = Corpus.prepare(TextSource.from_texts(["a b"]), tokenizer, cache=cache).part(0, 2)
    with pytest.raises(EmptyTextError, match="2 tokens are too few to hold some out"):
        short.split()
