"""Folders of classes, and folders with sentences, slots and intents in three files."""

from __future__ import annotations

import pytest

from elman.errors import InputError
from elman.tasks.data_files import DataFiles
from elman.tasks.infer_task import infer_task, task_of
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource
from elman.text.tagged import TaggedSource

TEXTS = {
    "neg": [f"a bad\ntext {n}" for n in range(6)],
    "pos": [f"a good text {n}" for n in range(6)],
}
ROWS = sorted((text, name) for name, texts in TEXTS.items() for text in texts)


def make(folder, suffix=".txt", texts=TEXTS):
    for name, each in texts.items():
        (folder / name).mkdir(parents=True)
        for number, text in enumerate(each):
            (folder / name / f"{number:04}{suffix}").write_text(text)
    return folder


def labelled(source, **options):
    return sorted((row.text, row.label) for row in LabelledSource(source, **options).examples())


@pytest.mark.parametrize("suffix", [".txt", ""])
def test_a_folder_of_classes(tmp_path, suffix):
    source = TextSource([make(tmp_path / "train", suffix)])
    assert labelled(source) == ROWS
    assert infer_task(source) == ("classify", "a folder for each class, neg, pos")
    read = []
    list(LabelledSource(source).examples(read.append))
    assert sum(read) == source.size
    assert source.notes == []
    layout = LabelledSource(source).layout.in_words()
    assert layout == "a folder for each class, text in column text, label in column label"


def test_folders_named_one_by_one(tmp_path):
    make(tmp_path)
    source = TextSource([tmp_path / "neg", tmp_path / "pos"])
    assert labelled(source) == ROWS


def test_other_files_are_left_out_and_counted(tmp_path):
    folder = make(tmp_path / "train")
    (folder / "README.md").write_text("about the data")
    (folder / "neg/.hidden.txt").write_text("x")
    (folder / "neg/picture.png").write_bytes(b"\x89PNG\0")
    (folder / "pos/blank.txt").write_text(" \n")
    files = DataFiles.named([folder])
    task, evidence = task_of(files, None)
    assert (task.name, evidence) == ("classify", "a folder for each class, neg, pos")
    inspection = task.commands.inspect(files)
    assert inspection.labels == {"neg": 6, "pos": 6}
    assert len(files.notes) == 1
    for part in ("2 that are hidden or no text", "1 about the data", "1 without text"):
        assert part in files.notes[0]


def test_long_files_and_other_depths_are_running_text(tmp_path):
    books = make(tmp_path / "books", texts={name: ["words " * 20_000] * 6 for name in ("a", "b")})
    assert infer_task(TextSource([books])).task == "language"
    assert labelled(TextSource([books]))[0][1] == "a"  # where it is asked for
    few = make(tmp_path / "few", texts={"a": ["x y"] * 2, "b": ["z"] * 2})
    assert infer_task(TextSource([few])).task == "language"
    flat = make(tmp_path / "flat", texts={"a": ["some text"] * 12})
    assert infer_task(TextSource([flat])).task == "language"


def test_splits_are_named(tmp_path):
    for split in ("train", "test"):
        make(tmp_path / split)
    with pytest.raises(InputError, match=r"splits test, train.*Name one: .*/train;"):
        infer_task(TextSource([tmp_path]))
    assert labelled(TextSource([tmp_path / "train"])) == ROWS


def test_a_file_in_another_encoding_is_named(tmp_path):
    folder = make(tmp_path / "train")
    (folder / "pos/0003.txt").write_bytes("été".encode("latin-1"))
    with pytest.raises(InputError, match=r"pos/0003.txt:1: byte 1 .*encoding="):
        labelled(TextSource([folder]))


def test_labels_of_fasttext_count_more_than_folders(tmp_path):
    texts = {name: ["__label__x a text\n__label__y b text\n"] * 6 for name in ("a", "b")}
    source = TextSource([make(tmp_path / "train", texts=texts)])
    assert {label for _, label in labelled(source)} == {"x", "y"}


SENTENCES = ["play a song", "what is the weather", "book it"] * 4
TAGS = ["O O B-thing", "O O O O", "O O"] * 4
LABELS = ["Play", "Weather", "Book"] * 4


def slots(folder, **files):
    folder.mkdir(exist_ok=True)
    lines = {"seq.in": SENTENCES, "seq.out": TAGS, "label": LABELS} | files
    for name, each in lines.items():
        if each is not None:
            (folder / name).write_text("\n".join(each) + "\n")
    return TextSource([folder])


def test_sentences_with_slots_and_intents(tmp_path):
    source = slots(tmp_path / "train")
    found = [
        (" ".join(each.words), " ".join(each.tags)) for each in TaggedSource(source).sentences()
    ]
    assert found == list(zip(SENTENCES, TAGS, strict=True))
    rows = [(row.text, row.label) for row in LabelledSource(source).examples()]
    assert rows == list(zip(SENTENCES, LABELS, strict=True))
    with pytest.raises(InputError, match=r"slots .* and intents .*task='tag' or task='classify'"):
        infer_task(source)
    for name in ("tag", "classify"):
        files = DataFiles.named([tmp_path / "train"])
        task, _ = task_of(files, name)
        assert task.commands.inspect(files).can_be_learned


def test_two_of_the_three_files_say_the_task(tmp_path):
    assert infer_task(slots(tmp_path / "a", label=None)).task == "tag"
    assert infer_task(slots(tmp_path / "b", **{"seq.out": None})).task == "classify"


def test_files_that_do_not_go_together_are_named(tmp_path):
    source = slots(tmp_path / "a", **{"seq.out": ["O O B-thing", "O O", *TAGS[2:]]})
    with pytest.raises(InputError, match=r"seq.in:2: 4 words, but 2 tags"):
        list(TaggedSource(source).sentences())
    assert len(list(TaggedSource(source, skip_bad_rows=True).sentences())) == 11
    source = slots(tmp_path / "b", label=LABELS[:-1])
    with pytest.raises(InputError, match=r"seq.in:12: has more lines than .*label"):
        list(LabelledSource(source).examples())
