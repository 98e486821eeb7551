"""Excel workbooks, for every task that reads tables."""

from __future__ import annotations

import datetime
import re
import sys
import zipfile
from functools import partial

import pytest

from elman.errors import InputError, SettingError
from elman.tasks.infer_task import infer_task
from elman.text.column_texts import ColumnTexts
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource
from elman.text.pairs import PairSource
from elman.text.series import SeriesSource
from elman.text.tagged import TaggedSource

openpyxl = pytest.importorskip("openpyxl", reason="the extra 'files' is not installed")

ROWS = [(f'a "text", number {number}', ["good", "bad"][number % 2]) for number in range(20)]


@pytest.fixture
def book(tmp_path):
    """rows, of one sheet or more -> the path of a workbook."""

    def write(*sheets):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for number, rows in enumerate(sheets, start=1):
            sheet = made.create_sheet(f"part {number}")
            for row in rows:
                sheet.append(row)
        path = tmp_path / "book.xlsx"
        made.save(path)
        return path

    return write


def labelled(path, **options):
    return [
        (row.text, row.label) for row in LabelledSource(TextSource([path]), **options).examples()
    ]


def test_labelled_rows(book):
    path = book([("text", "label"), *ROWS])
    assert labelled(path) == ROWS
    guess = infer_task(TextSource([path]))
    assert guess == ("classify", "Excel, text in column text, label in column label")


def test_texts_of_several_lines_and_a_header_of_two(book):
    rows = [(f"one\ntwo {number}", number % 2) for number in range(12)]
    path = book([("the\ntext", "label"), *rows])
    assert labelled(path) == [(text, str(label)) for text, label in rows]
    assert LabelledSource(TextSource([path])).columns == ("the text", "label")


def test_rows_without_a_header(book):
    assert labelled(book([(label, text) for text, label in ROWS])) == ROWS


def test_a_bad_row_is_named_by_its_number(book):
    path = book([("text", "label"), *ROWS[:4], (None, "good"), *ROWS[4:]])
    with pytest.raises(InputError, match=r"book.xlsx:6: the text is empty"):
        labelled(path)


def test_other_sheets_are_named(book):
    source = TextSource([book([("text", "label"), *ROWS], [("x",)], [("y",)])])
    assert len(list(LabelledSource(source).examples())) == len(ROWS)
    assert source.notes == ["the sheet 'part 1' is read; 'part 2', 'part 3' are left out"]


def test_a_sheet_by_its_name(book):
    turned = [(text, label[::-1]) for text, label in ROWS]
    path = book([("text", "label"), *ROWS], [("text", "label"), *turned])
    source = TextSource([path], sheet="part 2")
    assert [(row.text, row.label) for row in LabelledSource(source).examples()] == turned
    assert source.notes == ["the sheet 'part 2' is read; 'part 1' is left out"]
    with pytest.raises(InputError) as error:
        list(LabelledSource(TextSource([path], sheet="part 3")).examples())
    assert "no sheet is called 'part 3': there is 'part 1', 'part 2'" in str(error.value)
    path.with_suffix(".csv").write_text("text,label\n")
    with pytest.raises(SettingError, match="is no workbook"):
        TextSource([path.with_suffix(".csv")], sheet="part 1")


def test_formulas_that_were_never_calculated_are_counted(book):
    path = book([("text", "label"), *ROWS, ("more", '=IF(A2="","x","y")'), ("last", "=B2")])
    assert "2 formulas were never calculated" in refusal(path)
    assert "(the first is B22)" in refusal(path)
    # As Excel writes their values: an empty text is one.
    for cell, value in ((b"B22", b"<v>bad</v>"), (b"B23", b"<v></v>")):
        found = rb'<c r="%s"[^>]*>(<f>.*?</f>)<v ?/?>(?:</v>)?' % cell
        valued = rb'<c r="%s" t="str">\1%s' % (cell, value)
        changed(path, "xl/worksheets/sheet1.xml", partial(re.sub, found, valued))
    with pytest.raises(InputError, match=r"book\.xlsx:23: the label is empty"):
        labelled(path)


def test_pairs_and_running_text(book):
    path = book([("english", "french"), *((f"one {n}", f"un {n}") for n in range(12))])
    assert infer_task(TextSource([path])).task == "translate"
    assert next(PairSource(TextSource([path])).pairs()).target == "un 0"
    (document,) = ColumnTexts(TextSource([path]), "french").documents()
    assert "".join(document.chunks()).splitlines()[3] == "un 3"


def test_series_with_a_title_above_and_blank_rows_below(book):
    first = datetime.datetime(2020, 1, 1)
    values = [1.105 + number for number in range(60)]
    rows = [(first + datetime.timedelta(days=n), value) for n, value in enumerate(values)]
    path = book([("Sales of the year",), (), ("day", "sales"), *rows, (None, None), ()])
    assert infer_task(TextSource([path])).task == "forecast"
    series = SeriesSource(TextSource([path])).read()
    assert series.values[:, 0].tolist() == values
    assert series.dates == tuple(day for day, _ in rows)


def test_tagged_words(book):
    rows = [("1", "Ann", "B-PER"), ("1", "sat", "O"), ("2", "Bob", "B-PER"), ("2", "ran", "O")]
    path = book([("sentence_id", "word", "tag"), *rows])
    assert infer_task(TextSource([path])).task == "tag"
    words = [each.words for each in TaggedSource(TextSource([path])).sentences()]
    assert words == [("Ann", "sat"), ("Bob", "ran")]


def changed(path, name, change):
    """Change one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in parts.items():
            archive.writestr(each, content)


def refusal(path):
    with pytest.raises(InputError) as error:
        labelled(path)
    assert "\n" not in str(error.value)
    assert error.value.hint
    return str(error.value)


def test_damaged_workbooks_are_refused_in_a_line(book):
    path = book([("text", "label"), *ROWS])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "not read as a workbook" in refusal(path)
    path.write_text("text,label\na,b\n")
    assert "not read as a workbook" in refusal(path)
    path.write_bytes(whole)
    changed(path, "xl/worksheets/sheet1.xml", lambda xml: xml[:-200])
    refusal(path)
    path.write_bytes(whole)
    changed(path, "xl/workbook.xml", lambda _: b"<workbook/>")
    refusal(path)


def test_entities_are_refused(book):
    path = book([("text", "label"), *ROWS])
    entities = b'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'

    def declare(xml):
        start = xml.index(b"<worksheet")
        return xml[:start] + entities + xml[start:]

    changed(path, "xl/worksheets/sheet1.xml", declare)
    assert "declares entities" in refusal(path)


def test_what_is_too_large_when_unpacked_is_refused(book):
    path = book([("text", "label"), *ROWS])
    changed(path, "xl/styles.xml", lambda xml: xml + b" " * (1 << 28))
    assert path.stat().st_size < 1 << 20
    assert "too large when unpacked" in refusal(path)


def test_a_row_with_a_huge_number_ends(book):
    path = book([("text", "label"), *ROWS])
    number = str(10**12).encode()
    changed(
        path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'r="21"', b'r="%s"' % number)
    )
    assert labelled(path) == ROWS[:-1]


def test_a_missing_package_names_the_extra(book, monkeypatch):
    path = book([("text", "label"), *ROWS])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"pip install 'elman\[files\]'"):
        labelled(path)
