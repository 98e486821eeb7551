"""Tables of texts as spreadsheets and data sets write them, and formats that are refused."""

from __future__ import annotations

import csv
import io
import json

import pytest

from elman.errors import InputError
from elman.tasks.infer_task import infer_task
from elman.text.files import TextSource
from elman.text.json_array import object_lines
from elman.text.json_document import rows_within
from elman.text.labelled import LabelledSource
from elman.text.pairs import PairSource

ROWS = [(f"a text, number {number}", ["good", "bad"][number % 2]) for number in range(20)]


def labelled(path, **options):
    source = LabelledSource(TextSource([path]), **options)
    return [(each.text, each.label) for each in source.examples()]


def check(path, content, rows=ROWS):
    """The rows are read, and a classifier is inferred."""
    path.write_bytes(content.encode())
    assert labelled(path) == rows
    assert infer_task(TextSource([path])).task == "classify"


def written(rows, delimiter=","):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return file.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_a_line_with_the_separator_and_comments_above_the_header(tmp_path, delimiter):
    table = written([("text", "label"), *ROWS], delimiter)
    for above in (f"sep={delimiter}\n", "# made by hand\n", f"\ufeffsep={delimiter}\r\n"):
        check(tmp_path / "a.csv", above + table)


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_header_that_begins_with_a_hash(tmp_path, delimiter):
    rows = [(number, text, label) for number, (text, label) in enumerate(ROWS)]
    for header in ("#id", "# id"):
        table = written([(header, "text", "label"), *rows], delimiter)
        check(tmp_path / "a.csv", table)
        check(tmp_path / "a.csv", f"# made by hand\n{table}")
    table = written([("#text", "label"), *ROWS], delimiter)
    check(tmp_path / "a.csv", table)
    # Below a comment that reads like a header the header is still one.
    check(tmp_path / "a.csv", "# text, label\n" + written([("text", "label"), *ROWS], delimiter))
    path = tmp_path / "b.csv"
    path.write_text(written([("#id", "body", "kind"), *rows], delimiter), encoding="utf-8")
    assert labelled(path, text_column="body", label_column="kind") == ROWS
    source = LabelledSource(TextSource([path]), text_column="body", labels_needed=False)
    assert [each.text for each in source.examples()] == [text for text, _ in ROWS]


def test_pairs_below_a_header_that_begins_with_a_hash(tmp_path):
    pairs = [(f"one{n}", f"un{n}") for n in range(12)]
    path = tmp_path / "a.tsv"
    path.write_text("#en\tfr\n" + written(pairs, "\t"), encoding="utf-8")
    found = [(each.source, each.target) for each in PairSource(TextSource([path])).pairs()]
    assert found == pairs


def test_a_bar_between_the_columns(tmp_path):
    check(tmp_path / "a.txt", written([("text", "label"), *ROWS], "|"))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("header", [None, ("v1", "v2"), ("", "x")])
def test_columns_are_known_by_their_cells(tmp_path, suffix, order, header):
    delimiter = "," if suffix == "csv" else "\t"
    rows = [tuple(row[column] for column in order) for row in ROWS]
    rows = rows if header is None else [header, *rows]
    check(tmp_path / f"a.{suffix}", written(rows, delimiter))
    check(tmp_path / f"a.{suffix}", written(rows, delimiter).replace("\n", "\r\n"))


def test_a_header_with_unnamed_columns(tmp_path):
    rows = [("v1", "v2", "Unnamed: 2", ""), *((label, text, "", "") for text, label in ROWS)]
    check(tmp_path / "a.csv", written(rows))


def test_numbered_classes_of_two_texts(tmp_path):
    rows = [(3 + n % 2, "short text", f"a longer text {n}") for n in range(20)]
    expected = [(text, str(label)) for label, _, text in rows]
    check(tmp_path / "a.csv", written(rows), expected)


def test_columns_by_their_numbers(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("\n".join(f"{n}\t{label}\t{text}" for n, (text, label) in enumerate(ROWS)))
    assert labelled(path, text_column="3", label_column="2") == ROWS
    source = LabelledSource(TextSource([path]), text_column="3", labels_needed=False)
    assert [each.text for each in source.examples()] == [text for text, _ in ROWS]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("suffix", ["json", "txt"])
def test_an_array_of_json(tmp_path, indent, suffix):
    objects = [{"text": text, "label": label} for text, label in ROWS]
    check(tmp_path / f"a.{suffix}", json.dumps(objects, indent=indent))
    check(tmp_path / f"a.{suffix}", "\ufeff\n " + json.dumps(objects, indent=indent))


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["data", "rows", "records"])
def test_an_array_within_an_object(tmp_path, indent, name):
    """Also where braces and quotes stand in the texts, and something after the array."""
    rows = [(f'a "text", number {n}]}}\\', label) for n, (_, label) in enumerate(ROWS)]
    objects = [{"text": text, "label": label} for text, label in rows]
    before = {"version": 1, "features": [{"name": "text"}], "about": {"of": "a } text ["}}
    document = {**before, name: objects, "next": {"data": [{"text": "no row"}]}}
    path = tmp_path / "a.json"
    check(path, json.dumps(document, indent=indent), rows)
    source = TextSource([path])
    assert len(list(LabelledSource(source).examples())) == len(rows)
    assert source.notes == [f"the rows are those in {name!r}"]
    small = TextSource([path], chunk_size=200)
    assert [(each.text, each.label) for each in LabelledSource(small).examples()] == rows
    as_served = [{"row_idx": n, "row": each} for n, each in enumerate(objects)]
    check(path, json.dumps({"rows": as_served}, indent=indent), rows)


def test_a_bad_row_within_an_object_is_named_by_its_line(tmp_path):
    objects = [{"text": text, "label": label} for text, label in ROWS]
    del objects[3]["label"]
    path = tmp_path / "a.json"
    written_out = json.dumps({"version": 1, "data": objects}, indent=1)
    path.write_text(written_out, encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.json:(\d+): there is no label") as error:
        labelled(path)
    line = int(str(error.value).rpartition("a.json:")[2].partition(":")[0])
    assert written_out.splitlines()[line - 2].strip() == f'"text": "{ROWS[3][0]}"'


@pytest.mark.parametrize(
    "rows",
    [
        [{"text": "a b", "label": label, "items": [{"text": "c"}]} for _, label in ROWS],
        [{"data": [{"start": 1}], "text": text, "label": label} for text, label in ROWS],
    ],
)
def test_rows_of_json_with_arrays_of_objects_are_rows(tmp_path, rows):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    assert labelled(path) == [(row["text"], row["label"]) for row in rows]


@pytest.mark.parametrize("damaged", ['{{"a": 1}: [{}]}', "{[1]: 2}", '{1: [{"a": 2}]}', "{"])
def test_objects_with_names_that_are_not_texts_are_not_documents(damaged):
    assert rows_within(damaged) is None


def test_one_object_that_holds_no_rows_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "a.json"
    columns = {name: {str(n): row[i] for n, row in enumerate(ROWS)} for i, name in enumerate("ab")}
    for indent in (None, 1):
        path.write_text(json.dumps(columns, indent=indent), encoding="utf-8")
        with pytest.raises(InputError, match=r"one JSON object, not rows.*lines=True"):
            infer_task(TextSource([path]))


def test_whole_numbers_with_a_point_are_labels(tmp_path):
    """As pandas writes classes where some are missing."""
    rows = [(text, float(n % 2)) for n, (text, _) in enumerate(ROWS)]
    path = tmp_path / "a.jsonl"
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    check(path, "\n".join(lines), [(text, str(label)) for text, label in rows])
    path.write_text("\n".join([*lines, '{"text": "a", "label": 0.37}']), encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.jsonl:21: the label is 0\.37, not a name"):
        labelled(path)


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    rows = [(text, text, label) for text, label in ROWS]
    path.write_text(written([("text", "text", "label"), *rows]), encoding="utf-8")
    for read in (labelled, lambda path: infer_task(TextSource([path]))):
        with pytest.raises(InputError, match="2 columns are called text"):
            read(path)
    others = [(text, "x", "y", label) for text, label in ROWS]
    check(path, written([("text", "note", "note", "label"), *others]))


def test_a_column_that_repeats_a_text_is_not_the_text(tmp_path):
    """Sentiment140 has a date and a query in each row, in a table without a header."""
    rows = [
        (label, n, "Mon Apr 06 22:19:45 PDT 2009, as it was collected", "NO_QUERY", "ann", text)
        for n, (text, label) in enumerate(ROWS)
    ]
    check(tmp_path / "a.csv", written(rows))


def test_an_array_of_pairs(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"source": f"s {n}", "target": f"t {n}"} for n in range(5)]))
    assert [pair.target for pair in PairSource(TextSource([path])).pairs()][4] == "t 4"
    assert infer_task(TextSource([path])).task == "translate"


def test_objects_come_from_the_lines_where_they_end():
    lines = ['[{"a":\n', "1},\n", '{"b": "]}"}, {"c": [1]}\n', "]\n"]
    assert list(object_lines(lines)) == ["", '{"a": 1}', '{"b": "]}"}', '{"c": [1]}', ""]


def test_a_broken_object_is_named(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[\n{"text": "a", "label": "b"},\n{"text": "a" "label": "b"}\n]\n')
    with pytest.raises(InputError, match="broken JSON"):
        labelled(path)


def test_pairs_without_a_header(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"one {n} thing\tchose {n} et\tby x\n" for n in range(12)))
    pairs = list(PairSource(TextSource([path])).pairs())
    assert pairs[0][:2] == ("one 0 thing", "chose 0 et")
    assert len(pairs) == 12
    assert infer_task(TextSource([path])).task == "translate"


@pytest.mark.parametrize(
    "form", ["{text} __label__{label}", " __label__{label} {text}", "\t__label__{label}\t{text}"]
)
def test_a_label_of_fasttext_anywhere(tmp_path, form):
    rows = [(text.replace(",", ""), label) for text, label in ROWS]
    lines = [form.format(text=text, label=label) for text, label in rows]
    check(tmp_path / "a.txt", "\n".join(lines), rows)


def test_a_first_line_of_fasttext_without_label(tmp_path):
    path = tmp_path / "a.txt"
    lines = ["a text without", *(f"__label__{label} {text}" for text, label in ROWS)]
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"a.txt:1: there is no label.*skip_bad_rows=True"):
        labelled(path)
    assert labelled(path, skip_bad_rows=True) == ROWS


REFUSED = {
    "a.xml": '<?xml version="1.0"?>\n<tmx version="1.4"><body>\n</body></tmx>\n',
    "a.html": "<!DOCTYPE html>\n<p>Well</p>\n",
    "a.txt": 'msgid ""\nmsgstr ""\n\n#: a.c:1\nmsgid "cat"\nmsgstr "chat"\n',
    "a.arpa": "\\data\\\nngram 1=3\n\n\\1-grams:\n-0.5\ta\n\\end\\\n",
    "a.vec": "".join(f"w{n} {' '.join(['0.25'] * 50)}\n" for n in range(5)),
    "c.vec": "".join(f"{w} {' '.join(['0.25'] * 50)}\n" for w in ("the", ",", ".", ";", "|")),
    "b.vec": f"2 50\nthe {' '.join(['0.25'] * 50)}\nof {' '.join(['-1e-05'] * 50)}\n",
    "a.aff": "SET UTF-8\nSFX A Y 1\nSFX A 0 s .\n",
    "a.dic": "3\ncat/S\ndog/S\nsheep\n",
    "c.csv": "some text\nmore text\n",
    "c.tsv": "kana\tromaji\nka\tx\n",
    "c.json": '{"a": "x"}\n{"a": "y"}\n{"a": "z"}\n',
    "d.txt": '[{"a": "x"}, {"a": "y"}]\n',
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_running_text_is_refused_by_name(tmp_path, name):
    path = tmp_path / name
    path.write_text(REFUSED[name])
    with pytest.raises(InputError) as error:
        infer_task(TextSource([path]))
    assert "it is " in error.value.cause
    assert error.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "[Scene: a room]\nWell, yes.\n",
        "12\nmen were there, and/or not.\nSo it goes.\n",
        "# A title\n\nSome text, as it is.\n",
        "<3 is a heart\nand this is text\n",
    ],
)
def test_running_text_is_not_refused(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert infer_task(TextSource([path])).task == "language"
