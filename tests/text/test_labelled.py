"""Labelled rows: reading inverts writing, rows are streamed, and errors name the line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from elman.errors import EmptyTextError, InputError, SettingError
from elman.text import rows as rows_module
from elman.text.example_reader import Example, ExampleReader
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource, check_classes
from elman.text.pair_reader import PairReader
from elman.text.requested_columns import RepeatedColumnError
from messages import message_of

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(os.environ.get("ELMAN_DATA", Path(__file__).parents[2] / "../shared/data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="ELMAN_DATA names no data")

filled = st.text(st.sampled_from("ab\",;\t\n' é{_"), min_size=1, max_size=12).filter(str.strip)
name = st.text(st.sampled_from('ab,;" é'), min_size=1, max_size=5).filter(str.strip).map(str.strip)
pairs = st.lists(st.tuples(filled, name), min_size=1, max_size=6)


def read(content: str, file: str = "", **options: Any) -> list[tuple[str, str | None]]:
    lines = io.StringIO(content)  # with their ends, as a pipe gives them
    return [example[:2] for example in ExampleReader(file, **options).examples(lines)]


def written(rows: list[tuple[str, str]], **options: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", **options).writerows([("text", "label"), *rows])
    return out.getvalue()


@given(rows=pairs, delimiter=st.sampled_from(",;"), quoting=st.sampled_from([0, 1]))
def test_csv_as_python_writes_it(rows: list, delimiter: str, quoting: int) -> None:
    assert read(written(rows, delimiter=delimiter, quoting=quoting)) == rows


@given(rows=pairs, quoting=st.sampled_from([0, 1]))
def test_quoted_tsv(rows: list, quoting: int) -> None:
    # Where a quoted text has both, its first line may look like a whole row of unquoted columns.
    assume(not any("\t" in text and "\n" in text for text, _ in rows))
    assert read(written(rows, delimiter="\t", quoting=quoting)) == rows


@given(rows=pairs)
def test_unquoted_tsv(rows: list) -> None:
    """Lone quotes stay, wherever they stand; only a wholly quoted text loses its own."""
    rows = [(" ".join(text.split()), label.replace('"', "'")) for text, label in rows]
    assume(not any(text[0] == '"' == text[-1] for text, _ in rows))
    content = "\n".join("\t".join(row) for row in [("text", "label"), *rows])
    assert read(content) == rows


OPEN = '"Look," she said.'


@pytest.mark.parametrize("place", [0, 1, 300, 3000])
def test_one_open_quote_shows_that_tsv_quotes_nothing(place: int) -> None:
    """Wherever it stands, in a file with a header or without one, every quote stays."""
    rows = [('"Thanks!"', "good"), ('He said "no" to all', "bad"), ("plain as ever", "good")] * 1100
    rows[place] = (OPEN, "good")
    lines = ["\t".join(row) for row in rows]
    assert read("\n".join(["text\tlabel", *lines]), "a.tsv") == rows
    assert read("\n".join(lines), "a.tsv") == rows
    pairs = [(text, f"{text} ja {number}") for number, (text, _) in enumerate(rows)]
    content = "\n".join("\t".join(pair) for pair in [("english", "german"), *pairs])
    reader = PairReader("a.tsv")
    assert [each[:2] for each in reader.examples(io.StringIO(content))] == pairs


def test_quotes_are_those_of_the_file_where_no_label_is_needed() -> None:
    """As in training; a stream, which waits for no line, is unquoted until it shows its quotes."""
    rows = [('"Thanks!"', "good"), (OPEN, "good"), ('"Bye!"', "bad")]
    content = "\n".join("\t".join(row) for row in [("text", "label"), *rows])
    assert read(content, "a.tsv", labels_needed=False) == rows
    stream = ExampleReader("-", labels_needed=False, arrives=True)
    texts = [each.text for each in stream.examples(io.StringIO(content))]
    assert texts == ["Thanks!", OPEN, '"Bye!"']


def test_fields_are_unquoted_where_all_are_quoted_as_csv_quotes_them() -> None:
    rows = [('"Thanks!"', "good"), ('a\n"b', "bad"), ("plain", "good")]
    assert read(written(rows, delimiter="\t", quoting=0), "a.tsv") == rows


@given(rows=pairs, ascii_only=st.booleans())
def test_json_lines(rows: list, ascii_only: bool) -> None:
    lines = [
        json.dumps({"id": 1, "label": label, "text": text}, ensure_ascii=ascii_only)
        for text, label in rows
    ]
    assert read("\n".join(lines)) == rows


@given(rows=pairs)
def test_fasttext(rows: list) -> None:
    rows = [(" ".join(text.split()), label.replace(" ", "-")) for text, label in rows]
    assert read("\n".join(f"__label__{label} {text}" for text, label in rows)) == rows


def test_labels_of_json() -> None:
    lines = ['{"text": "a", "label": 1}', '{"text": "b", "label": true}']
    assert read("\n".join(lines)) == [("a", "1"), ("b", "true")]


def test_half_a_character_in_json_is_replaced() -> None:
    (row,) = read('{"text": "a\\ud800", "label": "b\\udc00"}')
    assert row == ("a\ufffd", "b\ufffd")


@pytest.mark.parametrize(
    ("head", "row", "taken"),
    [
        (["text,label"], ["good,pos"], 2),
        (["", "text,label", ""], ['"go', 'od",pos'], 5),
        (["text\tlabel"], ["good\tpos"], 2),
        ([], ['{"text": "good", "label": "pos"}'], 1),
        ([], ["__label__pos good"], 1),
    ],
)
def test_an_example_is_yielded_at_its_last_line(head: list, row: list, taken: int) -> None:
    asked = 0

    def lines() -> Iterator[str]:
        nonlocal asked
        for line in chain(head, *repeat(row, 3)):
            asked += 1
            yield line

    examples = ExampleReader("-").examples(lines())
    first = next(examples)
    assert (first.text.replace("\n", ""), first.label, asked) == ("good", "pos", taken)
    assert first.location == f"-:{len(head) + 1}"
    assert next(examples).line == len(head) + len(row) + 1
    assert asked == taken + len(row)


def test_one_text_a_line() -> None:
    lines = "Well, yes\n\n  no\tlabel\nlabel\n"
    expected = [("Well, yes", None), ("  no\tlabel", None), ("label", None)]
    assert read(lines, labels_needed=False) == expected
    assert read("Yes, class\nsir\n", labels_needed=False) == [("Yes, class", None), ("sir", None)]
    table = "tweets,stars\ngood,\nbad,1\n"
    assert read(table, labels_needed=False) == [("good", None), ("bad", "1")]
    loose = '{"text": "good", "label": 4.5}\n{"text": "bad"}'
    assert read(loose, labels_needed=False) == [("good", None), ("bad", None)]


def test_a_table_of_one_column_is_one_by_its_name() -> None:
    content = "text\nwell, yes\n"
    assert read(content, "a.TSV.gz", labels_needed=False) == [("well, yes", None)]
    assert len(read(content, "a.txt", labels_needed=False)) == 2
    assert (
        read(content.replace(",", ""), text_column="text", labels_needed=False)[0][0] == "well yes"
    )
    message = message_of(lambda: read("review1,review2\nx,y\n", "a.csv", labels_needed=False))
    assert "cannot identify the column of the text" in message


@pytest.mark.parametrize(
    ("header", "text", "label"),
    [
        ("text,label", "text", "label"),
        ("label,text", "text", "label"),
        ("Sentence,Class", "Sentence", "Class"),
        (",title,review,topic,stars", "review", "topic"),
        ("tweets,sentiment", "tweets", "sentiment"),
        ("surname,origin", "surname", "origin"),
        ("name,language,id", "name", "language"),
        ("question;category;y", "question", "category"),
        ('"text"\t"label"', "text", "label"),
        (" text , label ", "text", "label"),
    ],
)
def test_columns_by_their_names(header: str, text: str, label: str) -> None:
    layout = ExampleReader("").detect_layout([header])
    assert (layout.text, layout.label) == (text, label)


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("french,english", {}, "a.csv:1: cannot identify the column of the text: the first line "
         "has french, english. Name the columns with --text-column and --label-column; a table "
         "without a header needs one, such as text,label"),
        ("id,text", {}, "a.csv:1: cannot identify the column of the label: the first line has "),
        ("index,text", {}, "a.csv:1: cannot identify the column of the label: the first line has"),
        ("text,", {}, "cannot identify the column of the label: the first line has text, . "),
        ("a;b,c;d", {}, "text: the first line has a, b,c, d. Name"),
        ('"a" b,c', {}, 'text: the first line has "a" b, c. Name'),
        ('{"\\ud800": 1}', {}, "text: the first line has \ufffd. Name"),
        ("a,b,text", {}, "a.csv:1: cannot identify the column of the label: the first line has "),
        ("x" * 50 + ",b", {}, "text: the first line has " + "x" * 40 + "..., b. "),
        ("Some prose", {}, "column of the text: the first line has Some prose. Name the columns"),
        ("text,label", {"text_column": "txt"}, "a.csv:1: no column is called 'txt': there are "
         "text, label. Name one of these with --text-column"),
        ("text", {"label_column": "y"}, "a.csv:1: no column is called 'y': there is text. "),
        ("__label__a b", {"label_column": "y"}, ":1: fastText lines have no named columns. Leave "),
        ("{}", {}, "a.csv:1: cannot identify the column of the text: the first line has none. "),
    ],
)  # fmt: skip
def test_unidentified_columns(header: str, options: dict, message: str) -> None:
    assert message in message_of(lambda: ExampleReader("a.csv", **options).detect_layout([header]))


def test_columns_of_one_name() -> None:
    reader = ExampleReader("a.csv")
    assert (
        message_of(lambda: reader.detect_layout(["text,text,label"]), RepeatedColumnError)
        == "a.csv:1: 2 columns are called text. Give each column another name"
    )


def test_prose_is_not_a_table() -> None:
    assert message_of(lambda: read("Some prose.\n", "tale.txt")) == (
        "tale.txt:1: expected rows of a text and its label, but the first line is "
        "'Some prose.'. Begin a table with a header such as text,label, or write JSON lines or "
        "fastText's __label__ lines"
    )


def test_requested_columns() -> None:
    content = "text,french,label,mood\na,b,c,d\n"
    assert read(content, text_column="french", label_column="mood") == [("b", "d")]
    assert read("french,mood\nb,d\n", text_column="french") == [("b", "d")]
    assert read("tag,name\na,b\n", text_column="tag") == [("a", "b")]
    assert read("name,other\na,b\n", label_column="name") == [("b", "a")]
    assert read("name,tag,stars\na,b,c\n", text_column="tag") == [("b", "c")]
    assert read("name,text,tag\na,b,c\n", label_column="text") == [("a", "b")]
    with pytest.raises(SettingError):
        LabelledSource(TextSource.from_texts([]), text_column="a", label_column="a")
    message = message_of(lambda: ExampleReader("", text_column="a", label_column="a"), SettingError)
    assert message == (
        "--label-column: text and label are the same column, 'a'. Name two different columns"
    )


BAD_ROWS = [
    ("text,label", "a,b,c", "expected 2 columns (text,label), found 3. Quote a text that has "
     "',' or quotes in it, or skip such rows: --skip-bad-rows"),
    ("text,label", "a", "expected 2 columns (text,label), found 1. "),
    ("text,label", '"a" b,c', "a quote within a quoted text. Write a quote within a quoted text "
     'twice, "", or skip such rows: --skip-bad-rows'),
    ("text,label", " ,b", "the text is empty. Fix it, or skip"),
    ("text,label", "a, ", "the label is empty. Fix it, or skip"),
    ("text\tlabel", "a\tb\tc", "expected 2 columns (text,label), found 3. Write a tab within"),
    ("text\tlabel", '"a', "expected 2 columns (text,label), found 1. "),
    ("text\tlabel", '""\tb', "the text is empty. "),
    ('{"text": "a", "label": "b"}', '{"text": "a", "label" "b"}',
     "broken JSON at column 23: expecting ':' delimiter. Fix it, or"),
    ('{"text": "a", "label": "b"}', '{"label": "b"}', "the object has no 'text'. "),
    ('{"text": "a", "label": "b"}', '{"text": "a"}', "there is no label. Add it, or"),
    ('{"text": "a", "label": "b"}', '{"text": "a", "label": null}', "there is no label. "),
    ('{"text": "a", "label": "b"}', '{"text": 1.5, "label": "b"}', "the text is 1.5, not text. "),
    ('{"text": "a", "label": "b"}', '{"text": {}, "label": "b"}', "the text is an object, not"),
    ('{"text": "a", "label": "b"}', '{"text": "a", "label": ["b"]}',
     "the label is a list, not a name or a whole number. "),
    ("text,label", """a,"['O', 'B-PER']\"""", "several labels, but only one per row is supported."),
    ('{"text": "a", "label": "b"}', '["a", "b"]', "a list, not an object. "),
    ('{"text": "a", "label": "b"}', "[" * 100_000,
     "JSON nested too deeply, or a number too long. "),
    ('{"text": "a", "label": "b"}', '{"text": "a", "label": ' + "1" * 5000 + "}",
     "JSON nested too deeply, or a number too long. "),
    ("__label__a b", "__label__a __label__b c", "several labels, but only one per row is"),
    ("__label__a b", "a b", "there is no label. "),
    ("__label__a b", "__label__ b", "the label is empty. "),
    ("__label__a b", "__label__a", "the text is empty. "),
]  # fmt: skip


@pytest.mark.parametrize(("head", "row", "cause"), BAD_ROWS)
def test_a_bad_row(head: str, row: str, cause: str) -> None:
    good = {",": "x,y", "\t": "x\ty", "{": '{"text": "x", "label": "y"}', "_": "__label__y x"}
    sound = good[next(each for each in "{\t_," if each in head)]
    lines = [head, sound, "", row, sound]
    message = message_of(lambda: list(ExampleReader("my rows").examples(lines)))
    assert message.startswith(f"my rows:4: {cause}")
    reader = ExampleReader("my rows", skip_bad_rows=True)
    kept = [example for example in reader.examples(lines) if example.text == "x"]
    assert [example.line for example in kept] == [2, 5]
    assert reader.skipped == 1


def test_an_open_quote_does_not_swallow_the_rows_after_it() -> None:
    never = ["text,label", '"a,b', "c,d", "e,f"]
    assert message_of(lambda: list(ExampleReader("r").examples(never))) == (
        "r:2: a quote is opened and never closed. Close it, or skip such rows: --skip-bad-rows"
    )
    late = ["text,label", '"a,b', '"c, d",e', "f,g"]
    assert message_of(lambda: list(ExampleReader("r").examples(late))).startswith(
        "r:2: a quote is opened, and closed in the middle of a field in line 3. Write a quote"
    )
    for lines, rest in ((never, [("c", "d"), ("e", "f")]), (late, [("c, d", "e"), ("f", "g")])):
        reader = ExampleReader("r", skip_bad_rows=True)
        assert [example[:2] for example in reader.examples(lines)] == rest
        assert reader.skipped == 1
        assert [example.line for example in reader.examples(lines)] == [3, 4]


def test_a_quote_in_tsv_that_makes_no_row_of_its_lines() -> None:
    reader = ExampleReader("r", skip_bad_rows=True)
    lines = ["text\tlabel", '"a', 'b"\tc\td', "x\ty"]
    assert list(reader.examples(lines)) == [Example("x", "y", 4, "r")]
    assert reader.skipped == 2


anything = st.lists(
    st.one_of(
        st.text(max_size=10),
        st.text(st.sampled_from('ab",;\t {}[]:\\\r\0_'), max_size=20),
        st.sampled_from(['"a', 'b",c', "__label__", "__label__a", "text,label", '{"text":', "{}"]),
    ),
    max_size=6,
)


@given(
    head=st.sampled_from(["", "text,label", "text\tlabel", '{"text": "a", "label": "b"}']),
    lines=anything,
    file=st.sampled_from(["a", "a.csv", "a.json"]),
    skip_bad_rows=st.booleans(),
    labels_needed=st.booleans(),
)
def test_whatever_the_lines_are_only_good_rows_come(
    head: str, lines: list[str], file: str, skip_bad_rows: bool, labels_needed: bool
) -> None:
    reader = ExampleReader(file, skip_bad_rows=skip_bad_rows, labels_needed=labels_needed)
    refusal = f"{file}:"
    try:
        for example in reader.examples([head, *lines]):
            assert example.text.strip()
            assert example.label or (example.label is None and not labels_needed)
            assert 1 <= example.line <= len(lines) + 1
    except InputError as error:
        refusal = str(error)
    assert refusal.startswith(f"{file}:")
    assert not (skip_bad_rows and "leave such rows out" in refusal)


def test_an_endless_stream_is_read_lazily(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "MAX_LINE_LENGTH", 100)
    for head, line, cause in [
        (["text,label", '"a'], '","a', "r:2: a quote is opened and never closed"),
        ([], '{"text": ', "r:1: not JSON lines"),
    ]:
        lines = chain(head, repeat(line, 1000))
        assert message_of(lambda: list(ExampleReader("r").examples(lines))).startswith(cause)  # noqa: B023
        assert len(list(lines)) > 800


def test_a_text_of_ten_million_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = "a" * rows_module.MAX_TEXT_LENGTH
    assert read(f'text,label\n"{longest}",b\n') == [(longest, "b")]
    cause = "r:2: the text has more than 10 million characters"
    remedy = " Split it into several texts, or skip such rows: --skip-bad-rows"
    for head, row in [
        ("text,label", f"a{longest},b"),
        ("text\tlabel", f"a{longest}\tb"),
        ('{"text":"a","label":"b"}', f'{{"text": "a{longest}", "label": "b"}}'),
    ]:
        assert message_of(lambda: list(read(f"{head}\n{row}", "r"))) == f"{cause}.{remedy}"  # noqa: B023
    quoted = message_of(lambda: read(f'text,label\n"aa{longest}",b\n', "r"))
    assert quoted == f"{cause}, or its quote is not closed.{remedy}"
    monkeypatch.setattr(rows_module, "MAX_LINE_LENGTH", 10)
    assert message_of(lambda: read("text,label\nabcdefghijkl,b\n", "r")) == f"{cause}.{remedy}"


def test_the_limit_of_others_is_not_lowered() -> None:
    before = csv.field_size_limit(rows_module.MAX_TEXT_LENGTH * 3)
    try:
        assert read('text,label\n"a",b\n')
        assert csv.field_size_limit() == rows_module.MAX_TEXT_LENGTH * 3
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n \n", "r.csv: holds no rows. Name a file with text"),
        ("text,label\n\n", "r.csv: has a header (text,label) but no rows. Check the program or"),
    ],
)
def test_no_rows(content: str, message: str) -> None:
    assert message_of(lambda: read(content, "r.csv"), EmptyTextError).startswith(message)


def test_no_good_row() -> None:
    content = "text,label\na\nb\n"
    assert message_of(lambda: read(content, "r", skip_bad_rows=True), EmptyTextError) == (
        "r: all 2 rows are bad. Leave out --skip-bad-rows to see the first error"
    )


def test_json_that_is_not_one_object_a_line() -> None:
    assert message_of(lambda: read('{\n"text": "a",\n"label": "b"}', "r.json")) == (
        "r.json:1: not JSON lines: none of the first lines is a complete object. "
        'Write one object per line: {"text": "...", "label": "..."}'
    )


def test_json_lines_whose_first_is_broken() -> None:
    content = '{"text": \n{"text": "a", "label": "b"}\n'
    assert message_of(lambda: read(content)).startswith(
        ":1: broken JSON at column 10: expecting value. "
    )
    assert read(content, skip_bad_rows=True) == [("a", "b")]


def test_files_and_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_bytes('\ufefftext,label\r\n"one\r\n1",x\r\n'.encode())
    with gzip.open("b.TSV.gz", "wt") as file:
        file.write("class\tline, with a comma\ny\ttwo\nbad\n")
    source = LabelledSource(TextSource(["a.csv", "b.TSV.gz"]), skip_bad_rows=True)
    assert (source.shape, source.columns, source.name) == (
        "csv",
        ("text", "label"),
        "a.csv and 1 more",
    )
    expected = [Example("one\n1", "x", 2, "a.csv"), Example("two", "y", 2, "b.TSV.gz")]
    for _ in range(2):
        assert list(source.examples()) == expected
        assert source.skipped == 1
    read_bytes: list[int] = []
    list(source.examples(read_bytes.append))
    assert sum(read_bytes) == source.size
    assert source.layout.in_words() == "CSV, text in column text, label in column label"


def test_one_class() -> None:
    check_classes({"a", "b"}, "r")
    assert message_of(lambda: check_classes({"a"}, "r.csv")) == (
        "r.csv: every row has the label 'a'. Give rows of two labels or more, "
        "or name another column: --label-column"
    )


@needs_data
@pytest.mark.parametrize("name", ["clinc150/test.tsv", "names/test.tsv", "sst2/test.csv"])
def test_real_tables(name: str) -> None:
    content = (DATA / name).read_text()
    if name.endswith("tsv"):
        expected = [tuple(line.split("\t")) for line in content.splitlines()[1:]]
    else:
        expected = list(map(tuple, csv.reader(io.StringIO(content))))[1:]
    source = LabelledSource(TextSource([DATA / name]))
    assert [example[:2] for example in source.examples()] == expected
    assert read(content) == expected, "nor does it need its name"
