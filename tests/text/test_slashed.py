"""Words with tags in whatever order and shape: word/TAG lines, tables, tags before words."""

from __future__ import annotations

import gzip

import pytest

from elman.errors import InputError
from elman.tasks.infer_task import infer_task
from elman.text.files import TextSource
from elman.text.tagged import TaggedSource

SENTENCES = [
    [("The", "DT"), ("dog", "NN"), ("barks", "VBZ"), (".", ".")],
    [("1/2", "CD"), ("of", "IN"), ("it", "PRP$"), (",", ",")],
    [("A", "DT"), ("cat", "NN"), ("sat", "VBD")],
] * 5
ENTITIES = [
    [("Ada", "B-PER"), ("Byron", "I-PER"), ("wrote", "O")],
    [("O", "O"), ("London", "B-LOC")],
    [("no", "O"), ("entity", "O"), ("here", "O")],
] * 5


def read(path, **options):
    source = TaggedSource(TextSource([path]), **options)
    found = [list(zip(each.words, each.tags, strict=True)) for each in source.sentences()]
    return found, source


def slashed(sentences, separator, end="\n"):
    return end.join(" ".join(f"{word}{separator}{tag}" for word, tag in each) for each in sentences)


@pytest.mark.parametrize("separator", ["/", "_", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("sentences", [SENTENCES, ENTITIES])
def test_each_line_is_a_sentence(tmp_path, separator, end, sentences):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + slashed(sentences, separator, end).encode()))
    found, source = read(path)
    assert found == sentences
    assert source.note == "each line is a sentence, with a tag behind each word"
    assert infer_task(TextSource([path])).task == "tag"


def test_an_escaped_slash_is_one_of_the_word_and_a_bare_word_is_bad(tmp_path):
    path = tmp_path / "brown.txt"
    lines = "\tthe/at either\\/or/cc\n\nthe/at jury/nn said\nthe/at end/nn\n"
    path.write_text(lines)
    with pytest.raises(InputError, match=r"brown\.txt:3: 'said' has no tag behind '/'"):
        read(path)
    found, source = read(path, skip_bad_rows=True)
    assert found == [[("the", "at"), ("either/or", "cc")], [("the", "at"), ("end", "nn")]]
    assert source.skipped == 1


@pytest.mark.parametrize(
    "text",
    [
        "and/or he said he would\nnever come/go\n" * 10,
        "https://a.org/b https://a.org/c\n" * 10,
        "snake_case words_here are_not tagged\n" * 10,
    ],
)
def test_running_text_with_slashes_is_running_text(text):
    assert infer_task(TextSource.from_texts([text])).task == "language"


@pytest.mark.parametrize("separator", ["\t", " "])
@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 2), (1, 0, 2)])
def test_tags_of_entities_are_found_in_any_column(tmp_path, separator, order):
    path = tmp_path / "a.conll"
    rows = [[(word, tag, "NNP") for word, tag in each] for each in ENTITIES]
    path.write_text(
        "\n".join(
            "".join(separator.join(row[each] for each in order) + "\n" for row in sentence)
            for sentence in rows
        )
    )
    found, source = read(path)
    assert found == ENTITIES
    word, tag = order.index(0) + 1, order.index(1) + 1
    usual = order == (0, 1)
    assert source.note == (
        None if usual else f"the words are in column {word}, the tags in column {tag}"
    )
    assert infer_task(TextSource([path])).task == "tag"
    first = next(TaggedSource(TextSource([path])).sentences())
    assert first.with_tags(["X", "Y", "Z"]).count("NNP") == ("2" in str(order)) * 3
    assert "Ada" in first.with_tags(["X", "Y", "Z"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["first", "each"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 0, 1, 3)], ids=str)
def test_a_table_with_a_column_of_sentences(tmp_path, delimiter, mark, order):
    names = ["Sentence #", "Word", "POS", "Tag"]
    lines = [delimiter.join(names[each] for each in order)]
    for number, sentence in enumerate(ENTITIES):
        for index, (word, tag) in enumerate(sentence):
            marked = mark == "each" or not index
            cells = [f"Sentence: {number}" if marked else "", word, "NNP", tag]
            lines.append(delimiter.join(cells[each] for each in order))
    path = tmp_path / "ner.csv"
    path.write_text("\n".join(lines) + "\n", encoding="cp1252")
    found, source = read(path)
    assert found == ENTITIES
    assert source.note == "words in column Word, tags in Tag, sentences in Sentence #"
    assert infer_task(TextSource([path])).task == "tag"
