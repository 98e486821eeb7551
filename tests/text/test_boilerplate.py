"""Chats, subtitles and e-books: recognised, and stripped if asked."""

from __future__ import annotations

import pytest

from elman.errors import SettingError
from elman.tasks.data_files import DataFiles
from elman.tasks.infer_task import task_of
from elman.text.boilerplate import StrippedTexts, boilerplate_in
from elman.text.files import TextSource

CHAT = [
    "Ann: hello there",
    "Bob Lee: did you see it, the film?\nor not: say so",
    "Ann: yes at 10:30",
]
STAMPS = [
    "12/31/21, 9:15 PM - ",
    "31/12/2021, 21:15 - ",
    "31.12.21, 21:15 - ",
    "[31.12.21, 21:15:03] ",
    "\u200e[2021-12-31, 21:15:03] ",
    "[12/31/21, 9:15:03\u202fPM] ",
]
LINES = ["Line one", "and more, 7.", "12"]
SRT = "".join(
    f"{n}\n00:00:{n:02},000 --> 00:00:{n:02},900\n<i>Line one</i>\n{{\\an8}}and more, 7.\n12\n\n"
    for n in range(1, 9)
)
VTT = "WEBVTT - made\nKind: captions\n\nNOTE not\ntext\n\n" + "".join(
    f"cue {n}\n00:{n:02}.000 --> 00:{n:02}.900 align:start\n<v Ann>Line one\nand more, 7.\n12\n\n"
    for n in range(1, 9)
)
BOOK = "Once upon a time,\n\nthere was a king. He slept.\n"
GUTENBERG = (
    "The Project Gutenberg eBook of A Tale\n\n*** START OF {} PROJECT GUTENBERG EBOOK A TALE ***\n"
    f"{BOOK}*** END OF {{}} PROJECT GUTENBERG EBOOK A TALE ***\n\nThe licence.\n"
)


def stripped(path, content):
    path.write_bytes(content.encode())
    source = StrippedTexts(TextSource([path]))
    (document,) = source.documents()
    return "".join(document.chunks()), source.notes


@pytest.mark.parametrize("stamp", STAMPS)
def test_dates_of_a_chat(tmp_path, stamp):
    lines = [f"{stamp}Messages are end-to-end encrypted.", *(stamp + each for each in CHAT * 3)]
    lines.insert(3, f"{stamp}Ann: <Media omitted>")
    text, notes = stripped(tmp_path / "a.txt", "\n".join(lines))
    assert text == "\n".join(CHAT * 3) + "\n"
    assert notes == ["it is the export of a chat; dates and omitted media are left out"]


@pytest.mark.parametrize("content", [SRT, VTT, SRT.replace("\n", "\r\n")])
def test_times_of_subtitles(tmp_path, content):
    text, notes = stripped(tmp_path / "a.txt", content)
    assert text.splitlines() == LINES * 8
    assert "subtitles" in notes[0]


@pytest.mark.parametrize("word", ["THE", "THIS"])
def test_the_licence_of_an_e_book(tmp_path, word):
    text, notes = stripped(tmp_path / "a.txt", GUTENBERG.format(word, word) * 2)
    assert text == BOOK * 2
    assert "Project Gutenberg" in notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "Ann: hello\nBob: yes, on 12/31/21, 9:15 PM - or later.\nAnn: no\nBob: so\n",
        "It went 1:20 --> 1:30.\nAnd then?\nNothing at all.\nNo.\n",
        "Project Gutenberg is a library.\n*** START ***\nWell.\n",
    ],
)
def test_other_text_stays_as_it_is(tmp_path, text):
    assert boilerplate_in(text.splitlines()) is None
    found, notes = stripped(tmp_path / "a.txt", text)
    assert found == text
    assert "nothing is stripped" in notes[0]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("\n".join(STAMPS[0] + each for each in CHAT * 3), "the export of a chat"),
        (SRT, "subtitles"),
        (VTT, "subtitles"),
        (GUTENBERG.format("THE", "THE"), "an e-book of Project Gutenberg"),
    ],
)
def test_it_is_said_aloud_and_offered(tmp_path, content, what):
    path = tmp_path / "a.txt"
    path.write_text(content)
    files = DataFiles.named([path])
    task, evidence = task_of(files, None)
    assert task.name == "language"
    assert f"{what}; --strip leaves out" in evidence
    found = task.commands.inspect(files)
    assert found.around == evidence
    asked = DataFiles.named([path], strip=True)
    assert task.commands.inspect(asked).words < found.words
    assert task.commands.inspect(asked).around is None
    both = DataFiles.named([path], strip=True, text_column="a")
    with pytest.raises(SettingError, match="strip or text_column"):
        task.commands.inspect(both)
