"""Tagged sentences: reading inverts writing, and replacing tags changes nothing else."""

from __future__ import annotations

import gzip
import io
import os
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import EmptyTextError, SettingError
from elman.text import sentence_reader as reader_module
from elman.text.conll import TaggedSentence
from elman.text.files import TextSource
from elman.text.sentence_reader import SentenceReader
from elman.text.tagged import TaggedSource
from messages import message_of

if TYPE_CHECKING:
    pass

DATA = Path(os.environ.get("ELMAN_DATA", Path(__file__).parents[2] / "../shared/data"))

CONLL = "EU\tB-ORG\nrejects\tO\n\nPeter\tB-PER\n\n"
CONLLU = """\
# newdoc
# text = Don't = go
1-2	Don't	_	_	_	_	_	_	_	SpaceAfter=No
1	Do	do	AUX	VB	Mood=Imp	0	root	0:root	_
2	n't	not	PART	RB	_	1	advmod	1:advmod	_
2.1	you	you	PRON	PRP	_	_	_	1:nsubj	_
3	New York	_	PROPN	NNP	Number=Sing	1	obj	1:obj	_

1	_	_	PUNCT	NFP	_	0	root	0:root	_

"""


def read(content: str, name: str = "a.conll", **options: Any) -> list[TaggedSentence]:
    return list(SentenceReader(name, **options).sentences(io.StringIO(content, newline="")))


def pairs(content: str, **options: Any) -> list[tuple[tuple[str, ...], tuple[str, ...] | None]]:
    return [(sentence.words, sentence.tags) for sentence in read(content, **options)]


def retagged(content: str, tag: str, **options: Any) -> str:
    """All that was read, with one tag for every word."""
    reader = SentenceReader("a.conll", **options)
    lines = io.StringIO(content, newline="")
    written = [each.with_tags([tag] * len(each.words)) for each in reader.sentences(lines)]
    return "".join(written) + reader.trailing_lines


field = st.text(st.sampled_from("aB#=-é'\u00a0"), min_size=1, max_size=4)
blank = st.sampled_from(["\n", "\t\n", "  \n"])


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[list[list[str]]]]:
    """A CoNLL file and the columns of its sentences."""
    columns = draw(st.integers(2, 4))
    separator = draw(st.sampled_from(["\t", " ", "  "]))
    # Between spaces "# =" may as well be a comment.
    fields = field if separator == "\t" else field.filter(lambda each: each != "#")
    row = st.lists(fields, min_size=columns, max_size=columns)
    sentences = draw(st.lists(st.lists(row, min_size=1, max_size=3), min_size=1, max_size=4))
    lines = draw(st.lists(blank, max_size=2))
    for sentence in sentences:
        if draw(st.booleans()):
            lines += ["-DOCSTART- X O\n", "\n"]
        lines += [separator.join(each) + "\n" for each in sentence]
        lines += [draw(blank), *draw(st.lists(blank, max_size=2))]
    return "".join(lines), sentences


@given(file=files())
def test_conll_is_read_and_written_back(file: tuple[str, list[list[list[str]]]]) -> None:
    content, sentences = file
    expected = [
        (tuple(row[0] for row in rows), tuple(row[-1] for row in rows)) for rows in sentences
    ]
    assert pairs(content) == expected
    reader = SentenceReader("a.conll")
    written = [each.with_tags(each.tags or ()) for each in reader.sentences(io.StringIO(content))]
    assert "".join(written) + reader.trailing_lines == content


@given(file=files())
def test_only_the_tag_is_replaced(file: tuple[str, list[list[list[str]]]]) -> None:
    content, sentences = file
    column = len(sentences[0][0])
    changed = retagged(content, "NEW")
    for before, after in zip(content.split("\n"), changed.split("\n"), strict=True):
        was_row = before.strip(" \t") and not before.startswith("-DOCSTART-")
        assert after == (
            before[: -len(before.split("\t")[-1].split(" ")[-1])] + "NEW" if was_row else before
        )
    assert {tag for _, tags in pairs(changed, column=column) for tag in tags or ()} == {"NEW"}


def test_conllu_keeps_lines_that_are_not_words() -> None:
    assert pairs(CONLLU) == [
        (("Do", "n't", "New York"), ("AUX", "PART", "PROPN")),
        (("_",), ("PUNCT",)),
    ]
    changed = retagged(CONLLU, "X")
    unchanged = [line for line in CONLLU.split("\n") if not line[:1].isdigit() or line[1] in "-."]
    assert [line for line in changed.split("\n") if "\tX\t" not in line] == unchanged
    assert changed == CONLLU.replace("AUX", "X").replace("PART", "X").replace("PROPN", "X").replace(
        "PUNCT", "X"
    )


def test_another_column() -> None:
    assert pairs(CONLLU, column=5)[0][1] == ("VB", "RB", "NNP")
    assert pairs(CONLLU, column=6)[0][1] == ("Mood=Imp", "_", "Number=Sing"), "_ is no features"
    assert pairs("a DT x O\n", column=2) == [(("a",), ("DT",))]
    assert retagged("a DT  x O\r\n", "N", column=3) == "a DT  N O\r\n"


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("a\nb\n\n", "a\tX\nb\tX\n\n"),
        ("a\r\nb", "a\tX\r\nb\tX"),
        ("a O\n", "a X\n"),
        ("a\t\n", "a\tX\n"),
    ],
)
def test_words_without_tags_get_them(content: str, written: str) -> None:
    assert retagged(content, "X", tags_needed=False) == written


def test_a_column_more() -> None:
    assert retagged("a DT\n", "X", tags_needed=False, column=3) == "a DT X\n"
    assert retagged("a\tDT\n", "X", tags_needed=False, column=3) == "a\tDT\tX\n"


def test_tags_are_there_or_not() -> None:
    untagged = CONLLU.replace("AUX", "_")
    assert [tags for _, tags in pairs(untagged, tags_needed=False)] == [None, ("PUNCT",)]
    assert "a.conll:4: the tag in column 4 is empty" in message_of(lambda: read(untagged))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("# id 12 domain=en\na _ _ O\n", [("a",)]),
        ("#id O\n# O\n", [("#id", "#")]),
        ("a O\n# O\n\n# O\nb O\n", [("a", "#"), ("#", "b")]),
        ("a O\n\n# sent 2\nb O\n", [("a",), ("b",)]),
        ("#\tO\n#x\tO\n", [("#", "#x")]),
        ("-DOCSTART- -X- O\n\na b O\n", [("a",)]),
    ],
)
def test_hash_signs_are_words_or_comments(content: str, words: list[tuple[str, ...]]) -> None:
    assert [each for each, _ in pairs(content)] == words


def test_locations_of_words() -> None:
    sentence = read("# x=1\n\n" + CONLL)[1]
    assert sentence.location == sentence.location_of(0) == "a.conll:6"
    assert sentence.line == 6
    assert [each.location_of(2) for each in read(CONLLU)[:1]] == ["a.conll:7"]


def test_a_sentence_is_yielded_at_its_blank_line() -> None:
    lines = iter(["a\tO\n", "\n", "never read"])
    first = next(SentenceReader("a").sentences(lines))
    assert (first.words, next(lines)) == (("a",), "never read")


def test_lines_after_the_last_sentence_are_left() -> None:
    reader = SentenceReader("a")
    assert len(list(reader.sentences(["a O\n", "\n", "\n", "# the end\n"]))) == 1
    assert reader.trailing_lines == "\n# the end\n"


BAD = {
    "a O\nb\n": ":2: expected 2 columns, as in the first row, but found 1",
    "a\tO\nb\tx\tO\n": ":2: expected 2 columns between tabs, as in the first row, but found 3",
    "a\tO\n\tO\n": ":2: the word is empty",
    "a\tO\nb\t\n": ":2: the tag in column 2 is empty",
    "a\tO\nb\t \n": ":2: the tag in column 2 is empty",
    "1\tone" + "\t_" * 8 + "\n": ":1: the tag in column 4 is empty",
}
ROW = "\ta\t_\tX" + "\t_" * 6 + "\n"
NUMBERS = {
    "1 3": "row 3 is out of order",
    "1 1": "row 1 is out of order",
    "2": "row 2 is out of order",
    "1 x": "'x' is not the number of a row",
    "1 02": "'02' is not the number of a row",
    "1 " + "2" * 5000: f"'{'2' * 20}' is not the number of a row",
    "1-2 2-3 1 2": "row 2-3 is out of order",
    "1-3 1 2-3 2 3": "row 2-3 is out of order",
    "1 2-1 2": "row 2-1 is out of order",
    "1 1.2": "row 1.2 is out of order",
    "1 2.1 2": "row 2.1 is out of order",
    "0.1": "the sentence has no word",
    "1-3 1 2": "the sentence ends with word 2, within a multiword token",
}
SOUND = ("1 2 3", "1-2 1 2 2.1 2.2 3", "0.1 0.2 1-2 1 1.1 2 3-3 3")


@pytest.mark.parametrize("content", BAD)
def test_bad_rows(content: str) -> None:
    message = message_of(lambda: read(content))
    assert message.startswith("a.conll" + BAD[content])
    assert "--skip-bad-rows" in message


@pytest.mark.parametrize("numbers", NUMBERS)
def test_bad_numbers(numbers: str) -> None:
    rows = "".join(each + ROW for each in numbers.split())
    assert NUMBERS[numbers] in message_of(lambda: read(rows))


@pytest.mark.parametrize("numbers", SOUND)
def test_sound_numbers(numbers: str) -> None:
    (sentence,) = read("".join(each + ROW for each in numbers.split()))
    assert len(sentence.words) == sum(each.isdigit() for each in numbers.split())


@pytest.mark.parametrize("bad", ["x\n", "x O y\n", "x O\ny\n"])
def test_sentences_with_a_bad_row_are_skipped(bad: str) -> None:
    reader = SentenceReader("a", skip_bad_rows=True)
    content = f"# 1 =\na O\n\n# 2 =\n{bad}z O\n\n# 3 =\nb O\n\n{bad}"
    sentences = list(reader.sentences(io.StringIO(content)))
    assert [each.words for each in sentences] == [("a",), ("b",)]
    assert reader.skipped == 2
    assert "".join(each.with_tags(["X"]) for each in sentences) == "# 1 =\na X\n\n# 3 =\nb X\n\n"
    assert [each.location for each in sentences] == ["a:2", f"a:{8 + bad.count(chr(10))}"]


@pytest.mark.parametrize(
    ("content", "name", "options", "expected"),
    [
        ("a\nb\n", "a", {}, "a:1: one column only, words without tags. One word a line"),
        ("a b\n", "a", {"column": 3}, "a:1: column 3 holds no tags: there are 2 col"),
        (CONLLU, "a", {"column": 2}, "column 2 holds no tags: there are 10 columns"),
        (
            CONLLU,
            "a",
            {"column": 11, "tags_needed": False},
            "Name another column, up to --column 10",
        ),
        ("a b\n", "a.conllu.gz", {}, "expected 10 columns between tabs"),
        ('{"text": "a"}\n', "a", {}, "a:1: is not a list of words but a table of texts"),
        ("__label__x some text\n", "a", {}, "a table of texts"),
        ("text\tlabel\na film\tgood\nno film\tbad\n", "a", {}, "a table of texts"),
    ],
)
def test_other_formats_are_rejected(
    content: str, name: str, options: dict[str, Any], expected: str
) -> None:
    for skip_bad_rows in (False, "expected" not in expected):
        options["skip_bad_rows"] = skip_bad_rows
        assert expected in message_of(lambda: read(content, name, **options))


@pytest.mark.parametrize("column", [1, 0, -1, True, 2.0])
def test_no_row_has_its_tag_there(column: int) -> None:
    call = lambda: TaggedSource(TextSource.from_texts(["a"]), column=column)  # noqa: E731
    assert message_of(call, SettingError).startswith("column: ")


def test_a_file_without_blank_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "MAX_LINES", 3)
    assert len(read("a O\n" * 3)[0].words) == 3
    assert "a.conll:1: more than 3 lines" in message_of(lambda: read("a O\n" * 4))
    endless = chain(["a O\n", "\n"], repeat("a O\n"))
    assert "a.conll:3: " in message_of(lambda: list(SentenceReader("a.conll").sentences(endless)))
    reader = SentenceReader("a", skip_bad_rows=True)
    lines = [*["a O\n"] * 9, "\n", "b O\n"]
    assert [each.words for each in reader.sentences(lines)] == [("b",)]
    assert reader.skipped == 1


def test_a_line_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "MAX_ROW_LENGTH", 10)
    assert "a.conll:2: a line of 12 characters" in message_of(
        lambda: read("a O\n" + "b" * 10 + " O\n")
    )


def test_a_source_is_read_again_and_again(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text(CONLL)
    (tmp_path / "b.conllu.gz").write_bytes(gzip.compress(CONLLU.encode()))
    tagged = TaggedSource(TextSource([tmp_path / "a.conll", tmp_path / "b.conllu.gz"]))
    counts: list[int] = []
    first = list(tagged.sentences(counts.append))
    assert [each.words[0] for each in first] == ["EU", "Peter", "Do", "_"]
    assert first == list(tagged.sentences())
    assert tagged.shape == "conll"
    assert sum(counts) == tagged.size == sum(each.stat().st_size for each in tmp_path.iterdir())


def test_each_reading_resets_the_skipped_count() -> None:
    texts = TextSource.from_texts(["a O\n\nb\n\nc O\n\n", "a O\n\nb\n"])
    tagged = TaggedSource(texts, skip_bad_rows=True)
    for _ in range(2):
        assert len(list(tagged.sentences())) == 3
        assert tagged.shape == "conll"
        assert tagged.skipped == 2


@pytest.mark.parametrize("content", ["\n\n", "# a=b\n", "-DOCSTART- X\n\n"])
def test_no_sentence(content: str) -> None:
    tagged = TaggedSource(TextSource.from_texts([content]))
    assert "holds no sentence" in message_of(lambda: list(tagged.sentences()), EmptyTextError)
    assert "holds no sentence" in message_of(lambda: tagged.shape, EmptyTextError)


def test_no_sentence_is_left() -> None:
    tagged = TaggedSource(TextSource.from_texts(["a O\nb\n\n"]), skip_bad_rows=True)
    assert "holds no sentence (1 skipped)" in message_of(
        lambda: list(tagged.sentences()), EmptyTextError
    )


word = st.text(st.sampled_from("ab# é"), min_size=1, max_size=4).map(str.strip).filter(bool)
sentences_in_memory = st.lists(st.lists(st.tuples(word, field), min_size=1, max_size=4), min_size=1)


@given(sentences_in_memory)
def test_sentences_in_memory(rows: list[list[tuple[str, str]]]) -> None:
    words = [[word for word, _ in each] for each in rows]
    tags = [[tag for _, tag in each] for each in rows]
    tagged = list(TaggedSource.from_sentences(words, tags).sentences())
    assert [list(each.words) for each in tagged] == words
    assert [list(each.tags or ()) for each in tagged] == tags
    untagged = list(TaggedSource.from_sentences(words).sentences())
    assert [each.tags for each in untagged] == [None] * len(words)
    assert [each.with_tags(its) for each, its in zip(untagged, tags, strict=True)] == [
        each.with_tags(its) for each, its in zip(tagged, tags, strict=True)
    ]
    assert tagged[0].with_tags(tags[0]) == "".join(f"{w}\t{t}\n" for w, t in rows[0]) + "\n"


@pytest.mark.parametrize(
    ("words", "tags", "expected"),
    [
        (["the cat"], None, "sentence 1: expected a list of words, found 'the cat'"),
        ([["a"], []], None, "sentence 2: expected a list of words"),
        ([["a", "b"]], [["O"]], "sentence 1: 2 words, but 1 tags"),
        ([["a"]], [["O"], ["O"]], "1 sentences, but tags for 2"),
        ([["a", " "]], None, "' ' is not a valid word or tag"),
        ([["a\tb"]], None, "is not a valid word or tag"),
        ([["a"]], [["O\n"]], "is not a valid word or tag"),
        ([[7]], None, "7 is not a valid word or tag"),
    ],
)
def test_bad_sentences_in_memory(words: Any, tags: Any, expected: str) -> None:
    assert expected in message_of(lambda: TaggedSource.from_sentences(words, tags))


def test_each_word_needs_its_tag() -> None:
    with pytest.raises(ValueError, match="shorter"):
        read(CONLL)[0].with_tags(["O"])


@pytest.mark.skipif(not DATA.is_dir(), reason="ELMAN_DATA names no data")
@pytest.mark.parametrize(
    ("name", "sentences", "words"),
    [
        ("ud_english_ewt/dev.conllu.gz", 2001, 25_147),
        ("wnut17/train.conll", 3394, 62_730),
        ("wnut17/test.conll", 1287, 23_394),
    ],
)
def test_real_files_come_back_byte_for_byte(name: str, sentences: int, words: int) -> None:
    content = (DATA / name).read_bytes()
    content = gzip.decompress(content) if name.endswith(".gz") else content
    result = list(TaggedSource(TextSource([DATA / name])).sentences())
    assert (len(result), sum(len(each.words) for each in result)) == (sentences, words)
    assert "".join(each.with_tags(each.tags or ()) for each in result).encode() == content
