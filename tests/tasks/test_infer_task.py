"""Task inference on small examples and on real files."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.errors import InputError
from elman.tasks import infer_task as task_module
from elman.tasks.infer_task import infer_task
from elman.tasks.table import TASKS
from elman.text.files import TextSource

DATA = Path(os.environ.get("ELMAN_DATA", Path(__file__).parents[2] / "../shared/data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="ELMAN_DATA names no data")

SERIES = (
    *("AirPassengers", "ausbeer", "exchange_rate", "monthly-milk", "monthly-sunspots", "taylor"),
    *("temps", "wineind"),
)
CONLL = "EU B-ORG\nrejects O\n\nPeter B-PER\nBlackburn I-PER\n"
CONLLU = "1-2\tdon't" + "\t_" * 8 + "\n1\tdo\tdo\tAUX" + "\t_" * 6 + "\n"


CONTENTS = {
    "language": {
        "Once upon a time,\nthere was a king.\n": "running text",
        "": "running text",
        "text,label\n": "running text",
        "Comment, topic\nand so it goes.\nOn and on.\n": "running text",
        "red sky\nblue sea\n\ngreen hill\nold tree\n": "running text",
        "'bout\tB AW T\n\n'cause\tK AH Z\n\na\tb\n": "looks like tab-separated",
    },
    "classify": {
        "text,label\ngood,pos\n": "CSV, text in column text, label in column label",
        'stars;review\n1;"so;\nso"\n': "CSV, text in column review, label in column",
        "text\tlabel\ngood\tpos\n": "TSV, text in column text, label in column label",
        '{"text": "a", "label": 1}\n': "JSON lines, text in column text, label in",
        "__label__a good\n": "fastText lines",
    },
    "forecast": {
        "Y,date\n1,1956-01-01\n2,1956-02-01\n": "a table of numbers, 2 columns",
    },
    "translate": {
        "french\tenglish\nVa\tGo\nNon\tNo\n": "TSV, french -> english",
    },
    "tag": {
        CONLL: "CoNLL, 2 columns a word, blank lines between sentences",
        CONLL.replace(" ", "\t"): "CoNLL, 2 columns a word",
        CONLL.replace(" ", "\t").replace("\n\n", "\n\t\n"): "CoNLL, 2 columns a word",
        f"-DOCSTART- -X- O\n\n{CONLL}": "CoNLL, 2 columns a word",
        "The DET\ncat NOUN\n\n. PUNCT\n": "CoNLL, 2 columns a word",
        CONLL.replace(" ", "\t") + "#hashtag\tO\n": "CoNLL, 2 columns a word",
        CONLLU: "CoNLL-U, ten columns a word",
        f"# text = don't\n# newpar\n\n{CONLLU}": "CoNLL-U, ten columns a word",
    },
}


@pytest.mark.parametrize(
    ("text", "task", "because"),
    [(text, task, because) for task, texts in CONTENTS.items() for text, because in texts.items()],
)
def test_by_content(text: str, task: str, because: str) -> None:
    guess = infer_task(TextSource.from_texts([text]))
    assert guess.task == task
    assert guess.because.startswith(because)


LINES = (
    *("", "#", "# one two", "#a\tO", "#x,y", "# x;y", "a\tO", "b\tB-X", "a,b", "1,2", "1956-01,3"),
    *("year,value", "text,label", "__label__a b", "a ||| b", "[", "{", "}", '{"a": 1}', '["a"]'),
    *(
        "-->",
        "<a>",
        "@RELATION",
        "=",
        "sep=;",
        '"',
        '"a',
        "_",
        "-DOCSTART- O",
        "1\tdo\tdo",
        "a/NN b",
    ),
)


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(st.sampled_from(LINES), max_size=6))
def test_any_lines_are_for_a_task_or_refused(lines: list[str]) -> None:
    try:
        task = infer_task(TextSource.from_texts(["\n".join(lines)])).task
    except InputError:
        return
    assert task in TASKS


def table_of(header: str, row: str, count: int = 10) -> str:
    """Rows that all differ."""
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    return "\n".join([header, *(row.replace("#", word) for word in words[:count]), ""])


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("source,target\na,b\n", "translate"),
        ("Input;Output\na;b\n", "translate"),
        ("id\tde\ten\n1\tJa\tYes\n", "translate"),
        ("en\tde\nJa\n", "language"),
        ('{"src": "a", "tgt": "b"}\n', "translate"),
        ("spelling\tphonemes\n" + "ox\tAA K S\n" * 20, "translate"),
        # by what they hold
        (table_of("kana\tromaji", "# ka\t#"), "translate"),
        (table_of("kana\tromaji", "# ka\t#", count=9), "language"),
        (table_of("kana\tromaji", "# ka\t1"), "language"),
        (table_of("kana\tromaji", "ka\t#"), "language"),
        (table_of("kana\tromaji", "# ka\t#") + "ka\n" * 3, "language"),
        ("kana\tromaji\n" + "".join(f"ka{each}\t{each}\n" for each in range(20)), "language"),
        (table_of("kana, romaji", "# ka, #"), "language"),
        (table_of("kana ka\tromaji", "# ka\t#"), "translate"),
        (table_of("id\tkana", "#\t#"), "language"),
        (table_of("text,label", "# ka,a #"), "classify"),
        (table_of("topic,text", "# ka,a #"), "classify"),
        (table_of("text,target", "# ka,# a"), "translate"),
        (table_of("text,target", "# ka,# a", count=9), "classify"),
        (table_of("text,target", "# ka,#"), "classify"),
        (table_of("input,target", "# ka,# a"), "translate"),
        ("input,target\n" + "a,good\nb,bad\n" * 10, "classify"),
    ],
)
def test_texts_with_texts(text: str, task: str) -> None:
    assert infer_task(TextSource.from_texts([text])).task == task


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("1\n2.5\n-3e4\n", "forecast"),
        ("1\n2\n", "language"),
        ('"Y"\n22262\n21756\n', "forecast"),
        ("0,1\n0.5,0.25\n1,2\n", "forecast"),
        ("month;value\nJan 1981;1,5\nFeb 1981;2,5\n", "forecast"),
        ("1/1/1981,20\n1/2/1981,\n1/3/1981,NA\n1/4/1981,1\n", "forecast"),
        ("date,y\n1981-01-01,\n1981-01-02,\n", "language"),
        ("a,b\n1,x\n2,y\n", "language"),
        ("y,name\n1,Ada\n2,Bob\n3,Cy\n", "classify"),
        ("review;stars\ngood;1\nbad;2\n", "classify"),
        ("a,b\n" + "1,2\n" * 17 + "x,3\n" * 1 + "4,5\n", "forecast"),
        ("a,b\n" + "1,2\n" * 17 + "x,3\n" * 3, "language"),
        ("a,b\n" + "1,2\n" * 17 + "3\n" * 3, "language"),
        ("a\n1_000\n2_000\n", "language"),
        ("a\ninf\nnan\n", "language"),
    ],
)
def test_numbers(text: str, task: str) -> None:
    assert infer_task(TextSource.from_texts([text])).task == task


@pytest.mark.parametrize(
    ("names", "task"),
    [
        (["train.fr", "train.en"], "translate"),
        (["train.fr.gz", "train.en"], "translate"),
        (["train.fr"], "language"),
        (["train.fr", "valid.en"], "language"),
        (["train.fr", "train.fr"], "language"),
        (["train.fr", "train.en", "train.de"], "language"),
        (["train.fr", "train.txt"], "language"),
        (["train.fr", "train.conll"], "language"),
        (["train", "train.fr"], "language"),
        (["v.npy", "v.txt"], "describe"),
        (["v.NPZ", "names.txt"], "describe"),
        (["names.txt", "v.npy"], "describe"),
    ],
)
def test_by_names(names: list[str], task: str, tmp_path: Path) -> None:
    """Files whose names determine the task are not read."""
    for name in names:
        binary = task == "describe"
        (tmp_path / name).write_bytes(b"\x93NUMPY\0" if binary else b"Well, yes.\n")
        if name.endswith(".gz"):
            (tmp_path / name).write_bytes(gzip.compress(b"Oui.\n"))
    assert infer_task(TextSource([tmp_path / name for name in names])).task == task


def test_by_name(tmp_path: Path) -> None:
    def task_of(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return infer_task(TextSource([tmp_path / name])).task

    assert task_of("a.csv", "text,label\n") == "classify"
    assert task_of("a.csv", "text,label\na,b,c\n") == "classify"
    assert task_of("a.conll", "EU B-ORG\nrejects O\n") == "tag"
    assert task_of("a.conllu", "a\n") == "tag"
    assert task_of("a.txt", "EU B-ORG\nrejects O\n") == "language"


def test_only_the_beginning_is_read() -> None:
    """Of a text that is no table, only the beginning is read."""
    source = TextSource.from_texts(["text,label\n" + "good,pos\n" * 1000 + "bad\n" * 9000])
    assert infer_task(source).task == "classify"
    source = TextSource.from_texts(["text,label\n" + "good,pos\n" * 500 + "bad\n" * 9000])
    assert infer_task(source).task == "language"


def test_few_long_lines_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_module, "_CHARACTERS", 30)
    source = TextSource.from_texts(["text,label\n" + "good,pos\n" * 3 + "bad\n" * 90])
    assert infer_task(source).task == "classify"


@needs_data
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("shakespeare.txt", "language"),
        ("keyboard_english/valid.txt", "language"),
        ("clinc150/out_of_scope_test.txt", "language"),
        ("clinc150/out_of_scope_valid.txt", "language"),
        ("imdb/unlabelled.txt.gz", "language"),
        ("multi30k/val.de", "language"),
        ("names/valid.tsv", "classify"),
        ("sst2/valid.csv", "classify"),
        ("movie_sentences/valid.csv", "classify"),
        ("imdb/test.jsonl.gz", "classify"),
        ("trec/test.txt", "classify"),
        ("clinc150/valid.tsv", "classify"),
        ("ud_english_ewt/dev.conllu.gz", "tag"),
        ("wnut17/valid.conll", "tag"),
        ("tatoeba_fra_eng/valid.tsv.gz", "translate"),
        ("cmudict/valid.tsv", "translate"),
        *((f"series/{name}.csv", "forecast") for name in SERIES),
    ],
)
def test_real_files(name: str, task: str, named: bool) -> None:
    source = TextSource([DATA / name])
    if not named:
        chunk = next(next(source.documents()).chunks())
        source = TextSource.from_texts([chunk])
    assert infer_task(source).task == task
