"""Pairs of a source and its target: reading inverts writing, and errors name the row."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import EmptyTextError, SettingError
from elman.text.example_reader import Example
from elman.text.files import TextSource
from elman.text.pair_reader import Pair, PairReader
from elman.text.pairs import PairSource
from messages import message_of

if TYPE_CHECKING:
    pass

DATA = Path(os.environ.get("ELMAN_DATA", Path(__file__).parents[2] / "../shared/data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="ELMAN_DATA names no data")

filled = st.text(st.sampled_from("ab\",;' é{_1"), min_size=1, max_size=12).filter(str.strip)
rows = st.lists(st.tuples(filled, filled), min_size=1, max_size=6)
SIDES = ("source", "target")


def read(*contents: str, folder: Path, names: tuple[str, ...] = (), **options: Any) -> PairSource:
    names = names or (("a.fr", "a.en") if len(contents) == 2 else ("a",))
    paths = [folder / name for name in names]
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content, encoding="utf-8")
    return PairSource(TextSource(paths), **options)


def of_text(content: str, **options: Any) -> list[tuple[str, str]]:
    return [pair[:2] for pair in PairSource(TextSource.from_texts([content]), **options).pairs()]


def stripped(written: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(source.strip(), target.strip()) for source, target in written]


@given(written=rows)
def test_tables(written: list) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([SIDES, *written])
    assert of_text(out.getvalue()) == stripped(written)
    objects = [json.dumps(dict(zip(SIDES, row, strict=True))) for row in written]
    assert of_text("\n".join(objects)) == stripped(written)
    assert [pair[:2] for pair in PairSource.from_pairs(*zip(*written, strict=True)).pairs()] == (
        stripped(written)
    )


@given(written=rows, blank=st.sampled_from(["", " "]))
def test_parallel_files(
    written: list, blank: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of two files of lines; where both are blank there is no pair, and none is missed."""
    folder = tmp_path_factory.getbasetemp()
    spaced = [each for row in written for each in (row, (blank, ""))]
    contents = ["\n".join(row[side] for row in spaced) for side in (0, 1)]
    source = read(*contents, folder=folder)
    assert [pair[:2] for pair in source.pairs()] == stripped(written)
    assert [pair.line for pair in source.pairs()] == list(range(1, 2 * len(written), 2))
    assert source.skipped == 0
    assert source.layout_in_words == "two parallel files"


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("source,target", ("source", "target")),
        ("tgt,src", ("src", "tgt")),
        ("id;Output;input", ("input", "Output")),
        ("english\tfrench", ("english", "french")),
        ("french,english,id", ("french", "english")),
        ("id,de,text,en", ("text", "de")),
        ("en,translation", ("en", "translation")),
        ("spelling,phonemes", ("spelling", "phonemes")),
        ("kana,romaji", ("kana", "romaji")),
        ("kana,english", ("kana", "english")),
        ("english,kana", ("english", "kana")),
        ("target,kana", ("kana", "target")),
        ("language,word,ipa", ("word", "ipa")),
    ],
)
def test_columns_by_their_names(header: str, columns: tuple[str, str]) -> None:
    layout = PairReader("").detect_layout([header])
    assert (layout.text, layout.label) == columns
    shown = PairSource(TextSource.from_texts([f"{header}\n"])).layout_in_words
    assert shown.endswith(f", {columns[0]} -> {columns[1]}")


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        ("Va !\tGo.", {}, "text 1:1: cannot identify the column of the source: the first line has "
         "Va !, Go.. Name the columns with --source-column and --target-column; a table without a "
         "header needs one, such as source,target"),
        ("id,text", {}, "cannot identify the column of the target: the first line has id, text. "),
        ("id,kana", {}, "cannot identify the column of the source"),
        ("a,b,c", {}, "cannot identify the column of the source"),
        ("a,b,english", {}, "cannot identify the column of the source"),
        ("a,b", {"source_column": "c"}, "no column is called 'c': there are a, b. Name one of "
         "these with --source-column"),
        ("a,b", {"target_column": "c"}, "Name one of these with --target-column"),
        ("__label__a b", {}, "text 1:1: expected rows of a source and its target, but the "
         "first line is '__label__a b'. Begin a table with a header such as source,target, write "
         "JSON lines, or name two parallel files"),
        ("{", {}, "expected rows of a source and its target"),
        ('{"a": 1}', {}, "cannot identify the column of the target: the first line has a. "),
    ],
)  # fmt: skip
def test_unidentified_columns(header: str, options: dict, message: str) -> None:
    assert message in message_of(lambda: of_text(f"{header}\nx,y\n", **options))


def test_requested_columns() -> None:
    table = "french,english,german\na,b,c\n"
    assert of_text(table) == [("a", "b")]
    assert of_text(table, source_column="german") == [("c", "a")]
    assert of_text(table, target_column="french") == [("b", "a")]
    assert of_text("x y,z\na,b\n", target_column="z") == [("a", "b")]
    assert message_of(lambda: of_text("", source_column="a", target_column="a"), SettingError) == (
        "--target-column: source and target are the same column, 'a'. Name two different columns"
    )
    assert 'one object per line: {"source": "...", "target": "..."}' in message_of(
        lambda: list(PairReader("a.json").examples(["x"]))
    )


BAD_ROWS = [
    ("a,b,c", "expected 2 columns (source,target), found 3. Quote a text that has ','"),
    (" ,b", "the source is empty. Fix it, or skip such rows: --skip-bad-rows"),
    ("a,", "the target is empty. Fix it, or"),
    ("a" * 10_001 + ",b", "the source has 10,001 characters, more than 10,000. Split it into "
     "sentences, or skip such rows: --skip-bad-rows"),
    ("a," + "b" * 100_000, "the target has 100,000 characters, more than 10,000. Split it into"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "cause"), BAD_ROWS)
def test_a_bad_row(row: str, cause: str) -> None:
    longest = "a" * 10_000
    table = f"source,target\nx, y \n{row}\n{longest}, {longest} \n"
    assert message_of(lambda: of_text(table)).startswith(f"text 1:3: {cause}")
    source = PairSource(TextSource.from_texts([table]), skip_bad_rows=True)
    for _ in range(2):
        assert [pair[:2] for pair in source.pairs()] == [("x", "y"), (longest, longest)]
        assert source.skipped == 1


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        ('{"source": "a"}', "there is no target. Add it, or"),
        ('{"source": "a", "target": 1}', "the target is 1, not text. "),
        ('{"source": null, "target": "a"}', "there is no source. Add it"),
        ('{"target": "a"}', "the object has no 'source'. "),
    ],
)
def test_a_bad_object(row: str, cause: str) -> None:
    good = '{"source": "a", "target": "b c"}'
    assert message_of(lambda: of_text(f"{good}\n{row}\n")).startswith(f"text 1:2: {cause}")


def test_bad_lines_of_parallel_files(tmp_path: Path) -> None:
    long = "b" * 100_000
    for contents, name, cause in [
        (("a\n \nc\n", "x\ny\nz\n"), "a.fr", "the source is empty. "),
        (("a\nb\nc\n", "x\n\nz\n"), "a.en", "the target is empty. "),
        ((f"a\n{long}\nc\n", "x\ny\nz\n"), "a.fr", "the source has 100,000 characters"),
        (("a\nb\nc\n", f"x\n{long}\nz\n"), "a.en", "the target has 100,000 characters"),
    ]:
        source = read(*contents, folder=tmp_path)
        assert message_of(lambda: list(source.pairs())).startswith(f"{tmp_path / name}:2: {cause}")  # noqa: B023
        left = read(*contents, folder=tmp_path, skip_bad_rows=True)
        for _ in range(2):
            assert [pair[:3] for pair in left.pairs()] == [("a", "x", 1), ("c", "z", 3)]
            assert left.skipped == 1


def test_which_files_are_parallel(tmp_path: Path) -> None:
    table = "source\ttarget\na\tb\n"
    assert read("a,b\n", "x\ty\n", folder=tmp_path).is_parallel
    assert read("{a}\n", "x\ty\n", folder=tmp_path).is_parallel
    assert not read(table, table, folder=tmp_path).is_parallel
    assert not read("a\n", "b\n", folder=tmp_path, names=("a.csv", "b.en")).is_parallel
    assert not read("a\n", "b\n", folder=tmp_path, source_column="a").is_parallel
    assert not read("a\n", folder=tmp_path).is_parallel
    pairs = list(read(table, table, folder=tmp_path).pairs())
    assert [pair.location for pair in pairs] == [
        f"{tmp_path / name}:2" for name in ("a.fr", "a.en")
    ]


def test_compressed_files_report_their_bytes(tmp_path: Path) -> None:
    for name, content in (("a.fr.gz", "Oui\r\nNon\r\n"), ("a.en.gz", "\ufeffYes\nNo")):
        (tmp_path / name).write_bytes(gzip.compress(content.encode()))
    source = PairSource(TextSource([tmp_path / "a.fr.gz", tmp_path / "a.en.gz"]))
    count: list[int] = []
    pairs = list(source.pairs(count.append))
    name = str(tmp_path / "a.fr.gz")
    assert pairs == [Pair("Oui", "Yes", 1, name), Pair("Non", "No", 2, name)]
    assert sum(count) == source.size
    assert source.name == f"{name} and 1 more"


def test_pairs_in_memory() -> None:
    source = PairSource.from_pairs([" a b", "c"], iter(["x", "y "]))
    assert list(source.pairs()) == list(source.pairs())
    assert list(source.pairs())[1] == Pair("c", "y", 2, "the texts given")
    assert (source.size, source.skipped, source.layout_in_words) == (0, 0, "lists in memory")
    assert message_of(lambda: PairSource.from_pairs(["a"], ["b", "c"])) == (
        "the texts given: 1 sources, but 2 targets. Give each source one target"
    )
    assert "a single text was given" in message_of(lambda: PairSource.from_pairs(["a"], "b"))
    blank = PairSource.from_pairs(["a", "b"], ["c", " "])
    assert (
        message_of(lambda: list(blank.pairs())) == "the texts given:2: the target is empty. Fix it"
    )
    none = PairSource.from_pairs([], [])
    assert "there are none" in message_of(lambda: list(none.pairs()), EmptyTextError)


def test_no_pairs(tmp_path: Path) -> None:
    blank = read("\n", "\n\n", folder=tmp_path)
    assert "holds no rows" in message_of(lambda: list(blank.pairs()), EmptyTextError)
    bad = read("a\n\n", "\nb\n", folder=tmp_path, skip_bad_rows=True)
    assert "all 2 rows are bad" in message_of(lambda: list(bad.pairs()), EmptyTextError)


def test_sources_alone() -> None:
    """For what is to be rewritten: lines or a table, an answer to each in its own line."""

    def sources(content: str, name: str = "a") -> list[tuple[str, int]]:
        reader = PairReader(name, targets_needed=False, keep_skipped=True, skip_bad_rows=True)
        result: list[Example] = list(reader.examples(io.StringIO(content)))
        assert all(each.label is None for each in result)
        return [(each.text, each.line) for each in result]

    long = "a" * 10_001
    assert sources(f"Oui,non\n\n un\t2 \n{long}\nb\n") == [
        ("Oui,non", 1),
        ("", 2),
        ("un\t2", 3),
        ("", 4),
        ("b", 5),
    ]
    assert sources("__label__a b\n") == [("__label__a b", 1)]
    assert sources("french\tenglish\nOui\tYes\nNon\t\n") == [("Oui", 2), ("Non", 3)]
    assert sources("kana,romaji\na,b\n", "a.csv") == [("a", 2)]
    assert sources("french\nOui\n", "a.tsv") == [("Oui", 2)]


@needs_data
@pytest.mark.parametrize(
    ("names", "count"),
    [
        (["multi30k/val.fr", "multi30k/val.en"], 1014),
        (["tatoeba_fra_eng/valid.tsv.gz"], 16_751),
        (["cmudict/valid.tsv"], 13_671),
    ],
)
def test_real_pairs(names: list[str], count: int) -> None:
    source = PairSource(TextSource([DATA / name for name in names]))
    pairs = list(source.pairs())
    assert (len(pairs), source.skipped) == (count, 0)
    contents = [(DATA / name).read_bytes() for name in names]
    if names[0].endswith(".gz"):
        contents = list(map(gzip.decompress, contents))
    lines = [content.decode().splitlines() for content in contents]
    sides = (
        lines if len(lines) == 2 else zip(*(line.split("\t") for line in lines[0][1:]), strict=True)
    )
    sources, targets = ([text.strip() for text in side] for side in sides)
    assert [pair.source for pair in pairs] == sources
    assert [pair.target for pair in pairs] == targets


def test_columns_of_identifiers_are_passed_over() -> None:
    """As Tatoeba exports pairs: number, sentence, number, translation."""
    pairs = [(f"The cat of number {n} sleeps", f"Le chat {n} dort") for n in range(20)]
    lines = [f"{1000 + n}\t{a}\t{5000 + n}\t{b}" for n, (a, b) in enumerate(pairs)]
    source = PairSource(TextSource.from_texts(["\n".join(lines)]))
    assert [(pair.source, pair.target) for pair in source.pairs()] == pairs
    assert source.layout_in_words == "TSV, 2 -> 4; columns 1, 3 are not read"
