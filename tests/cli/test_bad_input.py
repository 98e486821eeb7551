"""Every bad input is met with one line: the place, the cause, the next command."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from elman.kernels import core

A_TEXT = b"The cat sat on the mat, and then it left.\n" * 20
FETCH = "Fetch or compress the file again"
PLAIN = "Name plain text files, or extract the text first"
SUFFIXES = "Text files end in .txt, .text, .md, .rst; or name the files one by one"
LOOK = "List what is there: ls ."
WHOLE = "Use a complete file written by: elman train ... -o MODEL"
TRAIN_FIRST = "Train a model first: elman train TEXT -o MODEL"


def refused(done, line, status=1):
    """One line on stderr, nothing on stdout, and the status."""
    assert done.err == f"elman: {line}\n"
    assert done.out == ""
    assert done.status == status


def commands_that_read(name):
    """Every command and option that reads a text, with this one."""
    return (
        ("peek", name),
        ("train", name, "-o", "x.st"),
        ("train", "tale.txt", "--valid", name, "-o", "x.st"),
        ("test", "word.st", name),
        ("test", "word.st", "tale.txt", "--train", name),
    )


TEXTS = {
    "empty.txt": (b"", "is empty. Check the program or download that made it"),
    "zeros.txt": (b"abc\0def", f"not text but binary data (it has zero bytes). {PLAIN}"),
    "page.pdf": (b"%PDF-1.7\n...", f"not text but a PDF document. {PLAIN}"),
    "plain.gz": (b"no gzip\n", f"damaged gzip data (Not a gzipped file (b'no')). {FETCH}"),
    "cut.gz": (
        gzip.compress(os.urandom(500))[:200],
        "damaged gzip data (Compressed file ended before the end-of-stream marker was reached). "
        f"{FETCH}",
    ),
    "torn.gz": (
        gzip.compress(A_TEXT)[:20] + b"\xff" * 30,
        None,  # zlib's own words differ by version
    ),
    "wide.txt": (
        "A text.\n".encode("utf-16"),
        "begins with the byte order mark of UTF-16, not UTF-8. "
        "Name its encoding: --encoding utf-16",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("command", ["peek", "train", "test"])
def test_texts_that_are_none(elman, here, command, name):
    content, message = TEXTS[name]
    Path(name).write_bytes(content)
    commands = {
        "peek": ("peek", name),
        "train": ("train", name, "-o", "word.st"),
        "test": ("test", "word.st", name),
    }
    model = Path("word.st").read_bytes()
    before = sorted(here.iterdir())
    done = elman(*commands[command])
    if message is None:
        assert done.err.startswith(f"elman: {name}: damaged gzip data (")
        message = done.err.removeprefix(f"elman: {name}: ").rstrip("\n")
    refused(done, f"{name}: {message}")
    assert Path("word.st").read_bytes() == model
    assert sorted(here.iterdir()) == before


def test_bytes_of_another_encoding(elman, here):  # noqa: ARG001
    Path("latin.txt").write_bytes(A_TEXT + "the café\n".encode("latin-1") * 20)
    message = "latin.txt:21: byte 8 (0xe9) is not UTF-8. Name its encoding, for example: "
    for command in commands_that_read("latin.txt"):
        refused(elman(*command), f"{message}--encoding cp1252")
    assert elman("peek", "latin.txt", "--encoding", "latin-1").status == 0


@pytest.mark.parametrize("encoding", ["nonsense", "base64", ""])
def test_encodings_that_are_none(elman, here, encoding):  # noqa: ARG001
    refused(
        elman("peek", "tale.txt", "--encoding", encoding),
        f"--encoding: unknown encoding {encoding!r}. Try one of: utf-8, latin-1, cp1252, utf-16",
    )


def test_texts_to_learn_nothing_from(elman, here):  # noqa: ARG001
    Path("one.txt").write_text("a" * 5000)
    Path("short.txt").write_text("hi there\n")
    refused(
        elman("train", "one.txt", "-o", "x.st"),
        "one.txt: holds only one distinct token, 'a'. "
        "A model has nothing to learn; add text, or choose --tokenizer character",
    )
    refused(
        elman("train", "short.txt", "-o", "x.st"),
        "short.txt: there are 8 characters to learn from, fewer than one training window of 64. "
        "Give it more text: a few thousand words at least.",
    )


def test_nothing_there(elman, here):  # noqa: ARG001
    Path("folder").mkdir()
    no_file = f"no such file or folder. {LOOK}"
    for command in commands_that_read("absent.txt"):
        refused(elman(*command), f"absent.txt: {no_file}")
    refused(elman("peek", "a/b.txt"), f"a/b.txt: {no_file}")
    refused(elman("peek", "folder"), f"folder: holds no text (0 files checked). {SUFFIXES}")
    Path("folder/x.bin").write_bytes(b"\0\1")
    refused(elman("peek", "folder"), f"folder: holds no text (1 file checked). {SUFFIXES}")
    refused(
        elman("peek", "-"), "standard input: is empty. Check the program or download that made it"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(elman, here):  # noqa: ARG001
    Path("tale.txt").chmod(0)
    Path("word.st").chmod(0)
    hint = "Check the name and its permissions"
    refused(elman("peek", "tale.txt"), f"tale.txt: cannot be read: permission denied. {hint}")
    refused(elman("info", "word.st"), f"word.st: cannot be read (Permission denied). {TRAIN_FIRST}")


def test_outputs_that_cannot_be(elman, here):
    Path("folder").mkdir()
    before = sorted(here.iterdir())
    long = "x" * 300

    def to(name):
        return elman("train", "tale.txt", "-o", name)

    refused(to("no/x.st"), "no/x.st: there is no folder no. mkdir -p no")
    refused(to("folder"), "folder: is a folder. Name a file: -o folder/model")
    refused(to("held.txt/x"), "held.txt/x: held.txt is not a folder. Name another place with -o.")
    elsewhere = "Free some space, or name another place with -o."
    refused(to(long), f"{long}: cannot be written (File name too long). {elsewhere}")
    refused(to("/proc/x"), f"/proc/x: cannot be written (No such file or directory). {elsewhere}")
    refused(
        elman("demo", "-o", "held.txt"),
        "held.txt: the folder cannot be created (File exists). Name another place with -o.",
    )
    assert sorted(here.iterdir()) == before


def edited(change) -> bytes:
    """The model file with another header."""
    data = Path("word.st").read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    about = json.loads(header["__metadata__"]["elman"])
    change(about)
    header["__metadata__"]["elman"] = json.dumps(about)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[end:]


def test_models_that_are_none(elman, here):  # noqa: ARG001
    Path("folder").mkdir()
    data = Path("word.st").read_bytes()
    header = int.from_bytes(data[:8], "little")
    Path("cut.st").write_bytes(data[: 8 + header + 1000])
    Path("stub.st").write_bytes(data[:50])
    Path("empty.st").write_bytes(b"")
    Path("other.st").write_bytes(edited(lambda about: about.update(task="dance")))
    Path("later.st").write_bytes(edited(lambda about: about.update(schema=99)))
    Path("run.st").write_bytes(edited(lambda about: about.update(task="checkpoint")))
    beginning = f"it is not a model file, or is truncated. {WHOLE}"
    upgrade = "Upgrade: pip install --upgrade elman"
    announced = len(data) - 8 - header
    lines = {
        "absent.st": f"cannot be read (No such file or directory). {TRAIN_FIRST}",
        "folder": f"cannot be read (Is a directory). {TRAIN_FIRST}",
        "tale.txt": beginning,
        "empty.st": beginning,
        "stub.st": beginning,
        "cut.st": f"it has 1,000 bytes of tensors, but its header lists {announced:,}. {WHOLE}",
        "later.st": f"it has schema 99, but this version reads only up to 2. {upgrade}",
        "other.st": "it is a model for the task 'dance', which this version does not know. "
        f"{upgrade}",
        "run.st": "it is the checkpoint of an unfinished training. "
        "Continue it: elman train TEXT -o MODEL --resume",
    }
    for name, message in lines.items():
        for command in ("info", "generate", "suggest"):
            refused(elman(command, name), f"{name}: {message}")
        refused(elman("test", name, "tale.txt"), f"{name}: {message}")


def test_the_wrong_training_text(elman, here):  # noqa: ARG001
    refused(
        elman("test", "word.st", "held.txt", "--train", "held.txt"),
        "held.txt: this is not the training data of the model. "
        "Name the same files as for elman train, or leave --train out.",
    )


OUT_OF_RANGE = {
    "train": {
        "--tokenizer": ["letter", "It is character, word or subword."],
        "--cell": [
            "rnn",
            "It is plain, elman, elman-relu, lstm, gru, clockwork or mingru.",
        ],
        "--components": ["norm,head", "It is norm, convolution, gate, residual or mlp."],
        "--task": ["dance", "It is language, classify, tag, translate, describe or forecast."],
        "--hidden-size": [0, -1, 99999, "It is a whole number, from 1 to 16384."],
        "--layers": [0, 65, "It is a whole number, from 1 to 64."],
        "--dropout": [1.0, -0.1, "nan", "It is from 0 to below 1."],
        "--learning-rate": [0.0, 11.0, "inf", "It is above 0, up to 10."],
        "--minutes": [0.0, -1.0, "nan", "It is above 0."],
        "--steps": [0, -3, "It is a whole number, 1 or more."],
        "--seed": [-1, 2**31, "It is a whole number, from 0 to 2147483647."],
    },
    "generate": {
        "--length": [0, -1, "It is a whole number, 1 or more."],
        "--samples": [0, -1, "It is a whole number, 1 or more."],
        "--temperature": [-1.0, "nan", "inf", "It is 0 or more."],
        "--top-k": [0, "It is a whole number, 1 or more."],
        "--top-p": [0.0, 1.5, "It is above 0, up to 1."],
        "--min-p": [-0.5, 1.5, "It is from 0 to 1."],
        "--repetition-penalty": [0.0, "inf", "It is from 0.01 to 100."],
        "--seed": [-1, 2**64, "It is a whole number, from 0 to 9223372036854775807."],
    },
    "suggest": {"--count": [0, -1, "It is a whole number, 1 or more."]},
    "demo": {"--minutes": [0.0, -1.0, "nan", "It is above 0."]},
}
BEGINNINGS = {
    "train": ("train", "tale.txt", "-o", "x.st"),
    "generate": ("generate", "character.st"),
    "suggest": ("suggest", "word.st"),
    "demo": ("demo",),
    "peek": ("peek", "tale.txt"),
}


@pytest.mark.parametrize(
    ("command", "option"), [(c, option) for c, those in OUT_OF_RANGE.items() for option in those]
)
def test_settings_out_of_range(elman, here, command, option):
    *values, hint = OUT_OF_RANGE[command][option]
    before = sorted(here.iterdir())
    for value in values:
        named = option not in ("--tokenizer", "--cell", "--components", "--task")
        cause = (
            f"{value} is out of range" if named else f"{str(value).split(',')[-1]!r} is not known"
        )
        done = elman(*BEGINNINGS[command], option, str(value))
        refused(done, f"{option}: {cause}. {hint}")
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("train", "Missing argument 'TEXT'. Try: elman train --help"),
        ("train tale.txt", "Missing option '-o' / '--output'. Try: elman train --help"),
        ("generate", "Missing argument 'MODEL'. Try: elman generate --help"),
        ("test word.st", "Missing argument 'TEXT'. Try: elman test --help"),
        ("info a b", "Got unexpected extra argument(s) (b). Try: elman info --help"),
        ("trian", "No such command 'trian'. Did you mean 'train'? Try: elman --help"),
        ("--loud", "No such option: --loud. Try: elman --help"),
        ("peek tale.txt --xyz", "No such option: --xyz. Try: elman peek --help"),
        (
            "train tale.txt --steps",
            "Option '--steps' requires an argument. Try: elman train --help",
        ),
        ("train a -o b --minutes abc", "--minutes: 'abc' is not a number. Try: elman train --help"),
        ("demo --minutes abc", "--minutes: 'abc' is not a number. Try: elman demo --help"),
        (
            "train a -o b --steps 1.5",
            "--steps: '1.5' is not a whole number. Try: elman train --help",
        ),
        ("suggest a --count x", "--count: 'x' is not a whole number. Try: elman suggest --help"),
        ("generate a --top-p x", "--top-p: 'x' is not a number. Try: elman generate --help"),
    ],
)
def test_commands_not_understood(elman, here, arguments, line):  # noqa: ARG001
    refused(elman(*arguments.split()), line, status=2)


def test_files_named_by_options(elman, here):  # noqa: ARG001
    no_file = "cannot be read (No such file or directory)."
    refused(
        elman("generate", "word.st", "--prompt-file", "no"), f"no: {no_file} Check --prompt-file."
    )
    refused(elman("suggest", "word.st", "--learn", "no"), f"no: {no_file} Check --learn.")


def test_more_than_memory_holds(elman, here):  # noqa: ARG001
    refused(
        elman("generate", "word.st", "--samples", str(10**13)),
        "there is not enough memory for this. "
        "Ask for less: a smaller --hidden-size, fewer --layers, fewer --samples.",
    )


def test_a_fault_of_ours_is_not_hidden(elman, here, monkeypatch):  # noqa: ARG001
    def fail(*_):
        raise RuntimeError("a fault")

    monkeypatch.setattr("elman.tasks.loading.load", fail)
    with pytest.raises(RuntimeError, match="a fault"):
        elman("info", "word.st")


def test_a_cache_that_cannot_be(elman, here, monkeypatch):  # noqa: ARG001
    monkeypatch.setenv("ELMAN_CACHE", "tale.txt")
    for arguments in (("train", "tale.txt", "-o", "x.st"), ("test", "word.st", "held.txt")):
        refused(
            elman(*arguments),
            "tale.txt: the cache cannot be written: file exists. Set ELMAN_CACHE to a folder "
            "with room, or free some with: elman cache --empty",
        )
    monkeypatch.setenv("ELMAN_CACHE_LIMIT", "lots")
    for arguments in (("cache",), ("cache", "--empty"), ("train", "tale.txt", "-o", "x.st")):
        refused(elman(*arguments), "ELMAN_CACHE_LIMIT: 'lots' is not a number of bytes. Write: 2GB")


@pytest.mark.parametrize(
    "arguments",
    [
        "info",
        "train tale.txt -o new.st --steps 1 --hidden-size 8",
        "test character.st held.txt",
        "generate character.st the",
        "suggest word.st the",
    ],
)
def test_an_instruction_set_that_is_not_there(elman, here, monkeypatch, arguments):  # noqa: ARG001
    monkeypatch.setattr(core._Choice, "name", None)
    monkeypatch.setenv("ELMAN_NATIVE", "sse9")
    result = ", ".join(core.sets())
    cause = f"'sse9' is not supported by this machine or build; choose from {result}"
    refused(elman(*arguments.split()), f"ELMAN_NATIVE: {cause}")
