"""Tagged words as annotation tools and data sets write them."""

from __future__ import annotations

import re

import pytest

from elman.tasks.infer_task import infer_task
from elman.text.files import TextSource
from elman.text.sentence_reader import SentenceReader
from elman.text.tagged import TaggedSource
from elman.text.tagsets import detect_scheme

WORDS = (("Ada", "left", "Lund", "."), ("#wow", "Bo", "sees", "Turin"), ("#", "1", "Oslo"))
TAGS = (
    ("B-PER", "O", "B-LOC", "O"),
    ("O", "B-PER", "O", "B-LOC"),
    ("O", "O", "B-LOC"),
)


def conll(row, separator="\t", header=None):
    """Each sentence with its rows made by `row(number, word, tag)`."""
    lines = [] if header is None else [separator.join(header)]
    for words, tags in zip(WORDS, TAGS, strict=True):
        numbered = zip(range(1, 9), words, tags, strict=False)
        lines += [*(separator.join(row(*each)) for each in numbered), ""]
    return "\n".join(lines) + "\n"


def check(text, **options):
    """The same sentences, and a tagger is inferred; returns the note."""
    source = TaggedSource(TextSource.from_texts([text]), **options)
    found = list(source.sentences())
    assert tuple(each.words for each in found) == WORDS
    assert tuple(each.tags for each in found) == TAGS
    if not options:
        assert infer_task(TextSource.from_texts([text])).task == "tag"
    return source.note


@pytest.mark.parametrize("separator", ["\t", " "])
@pytest.mark.parametrize("start", [0, 1])
def test_a_first_column_that_counts_the_words(separator, start):
    text = conll(lambda n, word, tag: (str(n - 1 + start), word, tag), separator)
    assert check(text) == "the words are in column 2, the tags in column 3"
    check(text.replace("\n", "\r\n"))


def test_predicted_tags_go_behind_the_words():
    text = conll(lambda n, word, _: (str(n), word))
    reader = SentenceReader("a", tags_needed=False)
    sentences = list(reader.sentences(text.splitlines(keepends=True)))
    assert tuple(each.words for each in sentences) == WORDS
    assert sentences[0].with_tags(TAGS[0]).startswith("1\tAda\tB-PER\n2\tleft\tO\n")


def test_an_annotator_in_the_last_column_is_no_tag():
    text = "# sent_id = 1\n" + conll(lambda n, word, tag: (str(n), word, tag, "-", "ann"))
    check(text)


def test_the_part_of_speech_of_conll_2009():
    text = conll(lambda n, word, tag: (str(n), word, word, word, tag, *"_________"))
    check(text)


def test_the_columns_that_conllu_plus_names():
    text = "# global.columns = ID FORM UPOS X:NER MISC\n"
    text += conll(lambda n, word, tag: (str(n), word, "NOUN", tag, "_"))
    assert check(text, column=4) is not None
    text = "# global.columns = ID UPOS FORM TAG\n"
    text += conll(lambda n, word, tag: (str(n), "NOUN", word, tag))
    check(text)


def test_a_requested_column_of_words():
    text = conll(lambda _, word, tag: ("x", word, tag))
    check(text, word_column=2)


@pytest.mark.parametrize("separator", ["\t", " ", ",", ";", "|"])
@pytest.mark.parametrize("header", [("token", "tag"), ("Word", "NER_Tag"), ("tokens", "labels")])
def test_a_header_is_no_sentence(separator, header):
    note = check(conll(lambda _, word, tag: (word, tag), separator, header))
    assert note


def test_a_header_says_where_words_and_tags_are():
    text = conll(lambda _, word, tag: ("x", "NN", word, tag), "\t", ("doc", "pos", "word", "ner"))
    check(text)
    check(text.replace("\n", "\n\n", 1))


@pytest.mark.parametrize(("old", "new"), [("B-PER", "B_PER"), ("-", "_"), ("B-", "b-"), ("O", "o")])
def test_other_spellings_of_the_scheme(old, new):
    text = conll(lambda _, word, tag: (word, re.sub(f"^{old}" if old != "-" else old, new, tag)))
    check(text)
    assert detect_scheme(TAGS) == "bio"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("everywhere", [True, False])
def test_a_table_with_a_column_of_sentences(delimiter, everywhere):
    rows = [delimiter.join(("Sentence #", "Word", "POS", "Tag"))]
    for number, (words, tags) in enumerate(zip(WORDS, TAGS, strict=True)):
        for position, (word, tag) in enumerate(zip(words, tags, strict=True)):
            mark = f"Sentence: {number}" if everywhere or not position else ""
            rows.append(delimiter.join((mark, f'"{word}"', "NN", tag)))
    assert check("\n".join(rows) + "\n").startswith("words in column Word")
    check("\ufeff" + "\r\n".join(rows) + "\r\n")


def test_a_bad_row_of_a_table_is_named():
    text = "sentence,word,tag\n1,a,O\n1,b\n2,c,O\n"
    with pytest.raises(ValueError, match="text 1:3: expected 3 columns, found 2"):
        list(TaggedSource(TextSource.from_texts([text])).sentences())
    source = TaggedSource(TextSource.from_texts([text]), skip_bad_rows=True)
    assert [each.words for each in source.sentences()] == [("c",)]
    assert source.skipped == 1
