"""Pronouncing dictionaries are pairs of a word and its phones."""

from __future__ import annotations

import gzip

import pytest

from elman.errors import InputError
from elman.tasks.infer_task import infer_task
from elman.text.files import TextSource
from elman.text.pairs import PairSource

ENTRIES = [
    ("A", "AH0"),
    ("A", "EY1"),
    ("ABOUT", "AH0 B AW1 T"),
    ("BABY", "B EY1 B IY0"),
    ("CAT'S", "K AE1 T S"),
    ("DOG", "D AO1 G"),
    ("EAT", "IY1 T"),
    ("FAR", "F AA1 R"),
    ("GOD", "G AA1 D"),
    ("HELLO", "HH AH0 L OW1"),
    ("HELLO", "HH EH0 L OW1"),
    ("(PAREN", "P ER0 EH1 N"),
]


def written(entries=ENTRIES, gap="  ", marks=True):
    seen: dict[str, int] = {}
    lines = []
    for word, phones in entries:
        seen[word] = seen.get(word, 0) + 1
        mark = f"({seen[word]})" if marks and seen[word] > 1 else ""
        lines.append(f"{word}{mark}{gap}{phones}")
    return lines


def read(lines, **options):
    source = PairSource(TextSource.from_texts(["\n".join(lines)]), **options)
    return [(pair.source, pair.target) for pair in source.pairs()], source


@pytest.mark.parametrize("gap", ["  ", " ", "\t"])
@pytest.mark.parametrize("lower", [False, True])
def test_each_pronunciation_is_a_pair(gap, lower):
    lines = written(gap=gap)
    wanted = ENTRIES
    if lower:
        lines = [line.lower() for line in lines]
        wanted = [(word.lower(), phones.lower()) for word, phones in ENTRIES]
    pairs, source = read([";;; # CMUdict", "##  header", *lines])
    assert pairs == wanted
    assert source.layout_in_words.startswith("a pronouncing dictionary, an alternate")
    found = infer_task(TextSource.from_texts(["\n".join(lines)]))
    assert found.task == "translate"
    assert "a pair of its own" in found.because


def test_comments_and_line_numbers(tmp_path):
    lines = [
        ";;; one",
        *written(),
        *written([("X", "EH1 K S")] * 12, marks=False),
        "",
        "AALBORG  AO1 L B AO0 R G # place, danish",
        "BROKEN",
    ]
    path = tmp_path / "cmudict.dict.gz"
    path.write_bytes(gzip.compress("\r\n".join(lines).encode()))
    source = PairSource(TextSource([path]), skip_bad_rows=True)
    pairs = list(source.pairs())
    assert pairs[-1][:3] == ("AALBORG", "AO1 L B AO0 R G", 27)
    assert (len(pairs), source.skipped) == (25, 1)
    assert infer_task(TextSource([path])).task == "translate"
    with pytest.raises(InputError, match=":28: there is no target"):
        list(PairSource(TextSource([path])).pairs())


def test_another_alphabet_of_phones():
    words = ["pata", "tapa", "kata", "taka", "papa", "kapa", "paka", "kaka", "tata", "akat"]
    entries = [(word, " ".join(word.replace("k", "tʃ"))) for word in words]
    for gap in ("\t", "  "):
        pairs, _ = read(written(entries, gap))
        assert pairs == entries


@pytest.mark.parametrize(
    "lines",
    [
        [f"Word{n} is a line of running text number {n}" for n in range(30)],
        [f"the dog sat on mat {n}" for n in range(30)],
        [f"one {n}" for n in range(30)],
    ],
)
def test_what_is_no_dictionary(lines):
    assert infer_task(TextSource.from_texts(["\n".join(lines)])).task == "language"


def test_a_header_makes_it_a_table():
    lines = ["spelling\tphonemes", *written(gap="\t", marks=False)]
    pairs, source = read(lines)
    assert pairs == ENTRIES
    assert source.layout_in_words == "TSV, spelling -> phonemes"
    named, _ = read(lines, source_column="phonemes", target_column="spelling")
    assert named == [(phones, word) for word, phones in ENTRIES]
