"""Damaged data files: part of `make fuzz`.

A small valid file of each format that `docs/files.md` lists is damaged: its bytes, its lines, its
values, its line ends, its encoding, its end, or the content of a compressed one. Each goes through
`elman peek` and the reading of a training, in a process with little memory and time. It must be
read, or be refused in one line; anything else (a traceback, a crash, no end) is printed with its
case.

The cases follow from the seed: `python bench/fuzz_inputs.py --only CASE` repeats one.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import random
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import torch

from elman.cli import main as elman_command
from elman.errors import ElmanError
from elman.tasks.commands import commands_to_train
from elman.tasks.data_files import DataFiles
from elman.tasks.infer_task import task_of
from elman.tasks.options import check_options
from input_seeds import Seed, seeds
from limited import parse_options, refused, run_all

ODD = (
    *(
        "",
        " ",
        "\t",
        ",",
        ";",
        "|",
        '"',
        '"""',
        "'",
        "\\",
        "\0",
        "\r",
        "\n",
        "\n\n\n",
        "\u2028",
        "\x85",
    ),
    *(
        "\ufeff",
        "\ufffd",
        "\u200b",
        "\u202e",
        "e\u0301",
        "🙂",
        "ß",
        "İ",
        "０１",
        "١٢",
        "\x1b[31m",
        "\x7f",
    ),
    *(
        "-1",
        "1e999",
        "nan",
        "inf",
        "1,5",
        "1.234,5",
        "9" * 400,
        "0x10",
        "1_000",
        "-",
        "--",
        "%",
        "$",
    ),
    *("2024-02-30", "31/12/2024", "24:00", "1970-01-01T00:00:00+14:00", "9999-12-31", "0000-00-00"),
    *(
        "{",
        "}",
        "[",
        "]",
        "[" * 3_000,
        '{"a":' * 3_000,
        "null",
        "true",
        "<",
        ">",
        "&",
        "&amp;",
        "]]>",
    ),
    *(
        "<!DOCTYPE a [<!ENTITY b 'c'>]>",
        "__label__",
        "__label__a ",
        "# ",
        "@data",
        "msgid",
        "-DOCSTART-",
    ),
    *(
        "*** START OF",
        "a" * 20_000,
        "a " * 5_000,
        "/",
        "..",
        ":",
        "=",
        "NA",
        "None",
        "B-",
        "I-",
        "O",
    ),
)
SPECIAL = b"\0\xff\xfe\x80\r\n\t ,;|\"'\\{}[]<>&:=#@/0-9"
ENDINGS = ("\r", "\r\n", "\n\r", "\x85", "\u2028", "\n\n")
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig", "utf-7")


def damaged(content: bytes, name: str, draw: random.Random) -> bytes:
    """The bytes of a file with some damage."""
    if name.endswith(".gz") and draw.random() < 0.7:
        inner = damaged(gzip.decompress(content), name.removesuffix(".gz"), draw)
        return gzip.compress(inner, 1) * draw.choice((1, 1, 2))
    if name.endswith((".xlsx", ".npz")) and draw.random() < 0.7:
        return _with_member(content, draw)
    for _ in range(draw.choice((1, 1, 2, 3))):
        text_like = not name.endswith(
            (".gz", ".parquet", ".feather", ".arrow", ".xlsx", ".npy", ".npz")
        )
        content = (
            _lines(content, draw) if text_like and draw.random() < 0.7 else _bytes(content, draw)
        )
    return content


def _with_member(content: bytes, draw: random.Random) -> bytes:
    """A zip archive of which one file is damaged, missing or doubled."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as read, zipfile.ZipFile(output, "w") as written:
        names = read.namelist()
        chosen = draw.choice(names)
        for name in names:
            data = read.read(name)
            if name == chosen:
                action = draw.randrange(5)
                if action == 0:
                    continue
                data = (_bytes if name.endswith(".npy") else _lines)(data, draw)
            written.writestr(name, data)
    return output.getvalue()


def _bytes(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    action = draw.randrange(6)
    place = draw.randrange(len(changed) + 1)
    if action == 0:
        return content[:place] + b"\0" * draw.choice((0, 0, 1, 4_096))
    if action == 1:
        changed[place:place] = draw.randbytes(draw.randint(1, 40))
    elif action == 2:
        del changed[place : place + draw.choice((1, 2, 40, 400))]
    elif action == 3:
        changed[place:place] = changed[draw.randrange(len(changed) + 1) :][: draw.choice((9, 900))]
    else:
        for _ in range(draw.randint(1, 8)):
            if changed:
                value = draw.choice(SPECIAL) if action == 4 else draw.randrange(256)
                changed[draw.randrange(len(changed))] = value
    return bytes(changed)


def _lines(content: bytes, draw: random.Random) -> bytes:
    text = content.decode("utf-8", "surrogateescape")
    lines = text.splitlines(keepends=True) or [""]
    first, second = (draw.randrange(len(lines)) for _ in range(2))
    action = draw.randrange(11)
    if action == 0:
        del lines[first : first + draw.choice((1, 1, 3, len(lines)))]
    elif action == 1:
        lines[first:first] = lines[second : second + 3] * draw.choice((1, 2, 50))
    elif action == 2:
        lines[first], lines[second] = lines[second], lines[first]
    elif action == 3:
        lines = [line.rstrip("\n") + draw.choice(ENDINGS) for line in lines]
    elif action == 4:
        with contextlib.suppress(UnicodeError):
            return text.encode(draw.choice(ENCODINGS))
    elif action == 5:
        lines[first] = draw.choice(ODD) + "\n"
    elif action == 6:
        word, other = (draw.choice(re.findall(r"\w+|\W", text) or [""]) for _ in range(2))
        count = draw.choice((1, -1))
        return (text.replace(word, other, count) if word else text).encode(
            "utf-8", "surrogateescape"
        )
    else:  # a value, here or in each line
        line = lines[first]
        values = [*re.finditer(r'[^\s,;"\'<>:/\[\]{}]+', line)]
        if values:
            begin, end = draw.choice(values).span()
            odd = draw.choice(ODD)
            if action == 7:
                lines = [each[:begin] + odd + each[end:] for each in lines]
            else:
                lines[first] = line[:begin] + odd + line[begin if action == 8 else end :]
    return "".join(lines).encode("utf-8", "surrogateescape")


class Reading:
    """Writes the files of a case and reads them as the commands do.

    Args:
        folder: for the files, the cache, and what the command says.
        sources: the seeds by name.
    """

    def __init__(self, folder: Path, sources: dict[str, Seed]) -> None:
        self._folder, self._sources = folder, sources

    def __call__(self, case: str) -> str:
        """What became of a case: "read", "refused", "refused by the training", or the failure."""
        draw = random.Random(case)
        seed = self._sources[case.split("/", 1)[1].rpartition("/")[0]]
        folder = self._folder / str(os.getpid())
        shutil.rmtree(folder, ignore_errors=True)
        chosen = draw.choice([*seed.files])
        for name, content in seed.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(damaged(content, name, draw) if name == chosen else content)
        os.chdir(folder)
        os.environ["ELMAN_CACHE"] = str(folder / "cache")
        peeked = _peek(seed.words, folder / "said")
        if peeked != "read":
            return peeked
        try:
            _read(seed.words)
        except ElmanError as error:
            return refused(error, "refused by the training")
        return "read"


def _peek(words: list[str], said: Path) -> str:
    """`elman peek` in this process."""
    with said.open("w+b") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        try:
            elman_command(["peek", *words])
        except SystemExit as end:
            status = end.code
    lines = said.read_text(encoding="utf-8", errors="replace").split("\n")
    if status == 0:
        return "read"
    ours = [line for line in lines if line.startswith("elman: ")]
    general = "Free some room" in ours[-1] or "not enough memory" in ours[-1] if ours else True
    return "refused" if ours == [lines[-2]] and not general else f"status {status}: {lines[-4:]}"


def _read(words: list[str]) -> None:
    """What `elman train` does before its first step."""
    paths = [Path(word) for word in words if Path(word).exists()]
    options = dict(zip(words[len(paths) :: 2], words[len(paths) + 1 :: 2], strict=False))
    typed = {name.removeprefix("--").replace("-", "_"): value for name, value in options.items()}
    named = typed.pop("task", None)
    files = DataFiles.named(paths, **typed, strip="--strip" in words)
    task, _ = task_of(files, named)
    check_options(task, "train", files.options)
    job = commands_to_train(task, files, {})
    job.model._learn = lambda *_: iter(())
    for _ in job.training(lambda *_: None, None, lambda: False):
        pass


def main() -> None:
    options = parse_options(__doc__, 250, "format")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        sources = seeds()
        reading = Reading(Path(temporary), sources)
        good = {"read", "refused", "refused by the training"}
        names = [f"{options.seed}/{name}" for name in sources]
        cases = [f"{name}/{number}" for name in names for number in range(options.cases)]
        run_all(cases, reading, good, options)


if __name__ == "__main__":
    main()
