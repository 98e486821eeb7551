"""A model file is not trusted: it is whole and ours, or it is refused in one line; and what
stands under a name is never half of something."""

from __future__ import annotations

import copy
import errno
import json
import math
import os
import pickle
import resource
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save

import elman
import model_files
from elman import bundle
from elman.bundle import HEADER_LIMIT, check_writable, layout_of, open_bundle, write_bundle
from elman.cells import CELLS
from elman.data.cache import Cache
from elman.errors import ElmanError, MissingFileError, ModelFileError, OutputError, TaskError
from elman.nn.config import COMPONENTS

ABOUT = {"task": "none", "words": ["naïve", "\u2028", "🙂"], "depth": {"a": [1, 2.5, None, True]}}
ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array([1, -2]),
    "nothing": np.zeros((0, 4), dtype=np.float32),
    "one": np.array(0.5, dtype=np.float16),
}
LAYOUT = layout_of(ARRAYS)


def one_line(caught: pytest.ExceptionInfo[Any], path: Path) -> None:
    """Place, cause and hint, in one line."""
    error, text = caught.value, caught.value.in_shell
    assert text.splitlines() == [text]
    assert text.startswith(f"{path}: ")
    assert error.cause
    assert error.hint
    assert text.endswith(error.hint)


def craft(path: Path, header: dict[str, Any] | bytes | str, data: bytes = b"") -> Path:
    """A file with this header, sound or not."""
    if isinstance(header, dict):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)
    return path


OURS = {"__metadata__": {"elman": '{"schema": 2}'}}


def f32(shape: Any, begin: Any, end: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "sound"
    write_bundle(path, ABOUT, ARRAYS)
    return path


# Sound files


def test_reading_inverts_writing(sound: Path) -> None:
    read = open_bundle(sound)
    assert read.about == {"schema": 2, **ABOUT}
    assert read.layout == LAYOUT
    result = read.arrays(LAYOUT)
    assert result.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert result[name].dtype == array.dtype
        assert np.array_equal(result[name], array)


@settings(max_examples=30, deadline=None)
@given(
    texts=st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(), max_size=3),
    names=st.sets(st.text(st.characters(codec="utf-8"), min_size=1), max_size=3),
    seed=st.integers(0, 99),
)
def test_any_text_and_any_names_come_back(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str], names: set[str], seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    generator = np.random.default_rng(seed)
    kinds = [np.float64, np.float16, np.uint8, np.bool_, np.int32]
    arrays = {
        name: (generator.random((seed % 4, 2)) * 9).astype(kinds[i % 5])
        for i, name in enumerate(names - {"__metadata__"})
    }
    # Half a pair of surrogates is no text and cannot be written as UTF-8.
    clean = {k: v.encode("utf-8", "replace").decode() for k, v in texts.items()}
    write_bundle(path, {"texts": clean}, arrays)
    read = open_bundle(path)
    assert read.about == {"schema": 2, "texts": clean}
    for name, array in read.arrays(layout_of(arrays)).items():
        assert np.array_equal(array, arrays[name])


def test_the_file_is_an_ordinary_safetensors_file(sound: Path) -> None:
    from safetensors import safe_open

    with safe_open(sound, "pt") as file:
        assert set(file.keys()) == ARRAYS.keys()
        assert json.loads(file.metadata()["elman"])["task"] == "none"


def test_views_are_written(tmp_path: Path) -> None:
    weight = np.random.default_rng(0).random((3, 4), dtype=np.float32)
    write_bundle(tmp_path / "m", {}, {"t": weight.T})
    result = open_bundle(tmp_path / "m").arrays({"t": (np.dtype(np.float32), (4, 3))})
    assert np.array_equal(result["t"], weight.T)


def test_through_a_link_what_it_points_to_is_read_and_written(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link"
    link.symlink_to(sound)
    assert open_bundle(link).layout == LAYOUT
    for target in (tmp_path / "copy", tmp_path / "new"):
        if target.name == "copy":
            target.write_bytes(sound.read_bytes())
        link.unlink()
        link.symlink_to(Path("..") / target.name)
        check_writable(link)
        write_bundle(link, {}, {})
        assert link.is_symlink()
        assert open_bundle(target).layout == {}
        assert sorted(link.parent.iterdir()) == [link]


def test_a_pipe_and_a_device_are_not_replaced(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(OutputError, match="is not a file"):
            check_writable(path)
        with pytest.raises(OutputError, match="is not a file"):
            write_bundle(path, {}, {})
    assert pipe.is_fifo()


# Damage


def attempt(path: Path) -> None:
    """Open and read; what goes wrong is one of two errors, in one line."""
    try:
        read = open_bundle(path)
        read.arrays(read.layout)
    except (ModelFileError, MissingFileError) as error:
        text = str(error)
        assert text.splitlines() == [text]
        assert text.startswith(f"{path}: ")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_is_refused(sound: Path, tmp_path: Path, share: float) -> None:
    whole = sound.read_bytes()
    path = tmp_path / "short"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ModelFileError) as caught:
        open_bundle(path)
    one_line(caught, path)


def test_every_cut_is_refused_and_so_is_one_byte_more(sound: Path, tmp_path: Path) -> None:
    whole, path = sound.read_bytes(), tmp_path / "m"
    for length in (0, 1, 7, 8, 9, len(whole) - 30, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            open_bundle(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ModelFileError, match="bytes of tensors, but its header"):
        open_bundle(path)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_flipped_bytes_of_the_header_never_surprise(sound: Path, tmp_path: Path, data: Any) -> None:
    damaged = bytearray(sound.read_bytes())
    end = 8 + int.from_bytes(damaged[:8], "little")
    for index in data.draw(st.lists(st.integers(0, end - 1), min_size=1, max_size=4)):
        damaged[index] = data.draw(
            st.one_of(st.integers(0, 255), st.sampled_from(list(b'0123456789"[]{},:-eE\\')))
        )
    path = tmp_path / "flipped"
    path.write_bytes(damaged)
    attempt(path)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    header=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["__metadata__", "elman", "a", "dtype", "shape", "data_offsets"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    size=st.integers(0, 16),
)
def test_any_json_for_a_header_never_surprises(tmp_path: Path, header: Any, size: int) -> None:
    attempt(craft(tmp_path / "m", json.dumps(header), bytes(size)))
    # As the metadata's text, and as a tensor's entry, where the fences before it are passed.
    inner = {"__metadata__": {"elman": json.dumps(header)}}
    attempt(craft(tmp_path / "m", inner))
    attempt(craft(tmp_path / "m", {**OURS, "a": header}, bytes(size)))


MALFORMED = {
    "not json": (b"{'a': 1}", b"", "not JSON"),
    "empty": (b"", b"", "not JSON"),
    "no utf-8": (b'{"\xff": 1}', b"", "not JSON"),
    "an array": (b"[]", b"", "not a JSON object"),
    "half a surrogate": ({"__metadata__": {"elman": "\ud800"}}, b"", "not JSON"),
    "deep": (b"[" * 200_000, b"", "not JSON"),
    "deep objects": (b'{"a":' * 100_000, b"", "not JSON"),
    "deep within": ({"__metadata__": {"elman": '{"a":' + "[" * 200_000}}, b"", "not JSON"),
    "NaN": (b'{"__metadata__": NaN}', b"", "NaN"),
    "infinity within": ({"__metadata__": {"elman": '{"schema": -Infinity}'}}, b"", "-Infinity"),
    "a number of 5,000 digits": (b'{"a": ' + b"9" * 5000 + b"}", b"", "not JSON"),
    "twice the same": (b'{"__metadata__": {}, "__metadata__": {}}', b"", "duplicate key"),
    "twice the same within": (
        {"__metadata__": {"elman": '{"schema": 2, "schema": 2}'}}, b"", "duplicate key"),
    "twice a tensor's shape": (
        b'{"a": {"dtype": "F32", "shape": [], "shape": [], "data_offsets": [0, 4]}}',
        b"0000", "duplicate key"),
    "no metadata": ({}, b"", "not a model of Elman"),
    "metadata a list": ({"__metadata__": []}, b"", "not a model of Elman"),
    "another's": ({"__metadata__": {"format": "pt"}}, b"", "not a model of Elman"),
    "metadata no text": ({"__metadata__": {"elman": {"schema": 2}}}, b"", "not a model of Elman"),
    "no schema": ({"__metadata__": {"elman": "{}"}}, b"", "schema None"),
    "schema 0": ({"__metadata__": {"elman": '{"schema": 0}'}}, b"", "schema 0"),
    "schema text": ({"__metadata__": {"elman": '{"schema": "1"}'}}, b"", "schema '1'"),
    "schema list": ({"__metadata__": {"elman": '{"schema": [1]}'}}, b"", "schema [1]"),
    "schema older": ({"__metadata__": {"elman": '{"schema": 1}'}}, b"", "schema 1"),
    "schema newer": ({"__metadata__": {"elman": '{"schema": 3}'}}, b"", "reads only up to 2"),
    "entry null": ({**OURS, "a": None}, b"", "malformed"),
    "entry more": ({**OURS, "a": {**f32([1], 0, 4), "more": 1}}, b"0000", "malformed"),
    "entry less": ({**OURS, "a": {"dtype": "F32", "shape": [1]}}, b"0000", "malformed"),
    "type unknown": ({**OURS, "a": {**f32([1], 0, 4), "dtype": "F31"}}, b"0000", "malformed"),
    "type no text": ({**OURS, "a": {**f32([1], 0, 4), "dtype": ["F32"]}}, b"0000", "malformed"),
    "negative": ({**OURS, "a": f32([-1], 0, -4)}, b"", "malformed"),
    "two negatives": ({**OURS, "a": f32([-1, -1], 0, 4)}, b"0000", "malformed"),
    "a bool": ({**OURS, "a": f32([True], 0, 4)}, b"0000", "malformed"),
    "a float": ({**OURS, "a": f32([1.0], 0, 4)}, b"0000", "malformed"),
    "backwards": ({**OURS, "a": f32([1], 4, 0)}, b"0000", "malformed"),
    "three offsets": (
        {**OURS, "a": {**f32([1], 0, 4), "data_offsets": [0, 4, 4]}}, b"0000", "malformed"),
    "offsets before": ({**OURS, "a": f32([1], -4, 0)}, b"0000", "malformed"),
    "offsets of 4,300 digits": (
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [-%b, %b]}}'
        % (b"9" * 4300, b"9" * 4300), b"", "malformed"),
    "a million dimensions": ({**OURS, "a": f32([2**40 - 1] * 10**6, 0, 4)}, b"0000", "malformed"),
    "a wrong size": ({**OURS, "a": f32([2], 0, 4)}, b"0000", "unlike its shape"),
    "overlap": ({**OURS, "a": f32([2], 0, 8), "b": f32([1], 4, 8)}, bytes(8), "overlap"),
    "the same place": ({**OURS, "a": f32([1], 0, 4), "b": f32([1], 0, 4)}, bytes(4), "overlap"),
    "a gap": ({**OURS, "a": f32([1], 0, 4), "b": f32([1], 8, 12)}, bytes(12), "gaps"),
    "a gap before": ({**OURS, "a": f32([1], 4, 8)}, bytes(8), "gaps"),
    "more than announced": ({**OURS, "a": f32([1], 0, 4)}, bytes(8), "header lists 4"),
    "less than announced": ({**OURS, "a": f32([2], 0, 8)}, bytes(4), "header lists 8"),
    "huge": ({**OURS, "a": f32([2**39], 0, 2**41)}, bytes(4), "header lists 2,199"),
}  # fmt: skip


@pytest.mark.parametrize(("header", "data", "cause"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_header_is_refused(
    tmp_path: Path, header: Any, data: bytes, cause: str
) -> None:
    path = craft(tmp_path / "m", header, data)
    with pytest.raises(ModelFileError) as caught:
        open_bundle(path)
    assert cause in caught.value.cause
    one_line(caught, path)


def test_the_message_about_a_newer_schema_names_the_command(tmp_path: Path) -> None:
    path = craft(tmp_path / "m", {"__metadata__": {"elman": '{"schema": 7}'}})
    with pytest.raises(ModelFileError, match="pip install --upgrade elman"):
        open_bundle(path)


def test_a_header_too_long_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", HEADER_LIMIT + 1))
        file.truncate(4 * HEADER_LIMIT)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match="more than 16,777,216") as caught:
            open_bundle(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    one_line(caught, path)
    for length in (2**63, 2**64 - 1):  # longer than the file, and than any
        path.write_bytes(struct.pack("<Q", length) + b"{}")
        with pytest.raises(ModelFileError, match="is truncated"):
            open_bundle(path)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"a": None}, "'a' is missing"),
        ({"more": np.zeros(1)}, "an unexpected tensor 'more'"),
        ({"a": np.zeros((3, 2), np.float32)}, r"'a' is float32 \[3, 2\], but .* float32 \[2, 3\]"),
        ({"a": np.zeros(6, np.float32)}, r"'a' is float32 \[6\]"),
        ({"a": np.zeros((2, 3))}, "'a' is float64"),
        ({"b": np.zeros(2, np.float32)}, "'b' is float32"),
        ({"one": np.zeros(1, np.float16)}, r"'one' is float16 \[1\], but .* \[\]"),
    ],
    ids=["missing", "extra", "turned", "flat", "wider", "no integers", "no scalar"],
)
def test_tensors_that_are_not_the_expected_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], cause: str
) -> None:
    kept = {name: t for name, t in {**ARRAYS, **change}.items() if t is not None}
    path = tmp_path / "m"
    write_bundle(path, ABOUT, kept)
    monkeypatch.setattr(bundle, "load_file", lambda _: pytest.fail("read before it was checked"))
    with pytest.raises(ModelFileError, match=cause) as caught:
        open_bundle(path).arrays(LAYOUT)
    one_line(caught, path)


def test_a_file_that_goes_away_in_between_is_refused(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(sound.read_bytes())
    read = open_bundle(path)
    path.unlink()
    with pytest.raises(ModelFileError) as caught:
        read.arrays(LAYOUT)
    one_line(caught, path)


class Bomb:
    """Unpickled, it would leave a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("kind", ["pickle", "zip", "old torch", "text", "zeros"])
def test_other_formats_are_rejected_without_running_code(tmp_path: Path, kind: str) -> None:
    path, mark = tmp_path / "m", tmp_path / "mark"
    match kind:
        case "pickle":
            path.write_bytes(pickle.dumps(Bomb(mark)))
        case "zip":
            torch.save({"w": torch.zeros(2), "bomb": Bomb(mark)}, path)
        case "old torch":
            torch.save(Bomb(mark), path, _use_new_zipfile_serialization=False)
        case "text":
            path.write_text("Once upon a time there was no model here.\n")
        case "zeros":
            path.write_bytes(bytes(1000))
    for read in (open_bundle, elman.load):
        with pytest.raises(ModelFileError) as caught:
            read(path)
        one_line(caught, path)
    assert not mark.exists()


def test_a_path_that_is_not_a_file_is_missing(tmp_path: Path) -> None:
    dangling, loop = tmp_path / "dangling", tmp_path / "loop"
    dangling.symlink_to(tmp_path / "nowhere")
    loop.symlink_to(loop)
    for path in (tmp_path / "none", tmp_path, dangling, loop, tmp_path / ("n" * 300)):
        with pytest.raises(MissingFileError) as caught:
            open_bundle(path)
        one_line(caught, path)


# Writing


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def failing(error: BaseException) -> Any:
    def fail(*_: Any) -> None:
        raise error

    return fail


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("old", [True, False], ids=["over another", "anew"])
@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("fsync", FULL),
        ("fsync", OSError(errno.EIO, "Input/output error")),
        ("fsync", KeyboardInterrupt()),
        ("fsync", MemoryError()),
        ("replace", OSError(errno.EACCES, "Permission denied")),
    ],
    ids=str,
)
def test_a_failed_write_keeps_the_old_file(
    sound: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    old: bool,
    call: str,
    error: BaseException,
) -> None:
    path = tmp_path / "m"
    if old:
        path.write_bytes(sound.read_bytes())
    before = files_in(tmp_path)
    if call == "fsync":
        monkeypatch.setattr(os, "fsync", failing(error))
    else:
        monkeypatch.setattr(Path, "replace", failing(error))
    expected = OutputError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected) as caught:
        write_bundle(path, {}, {"x": np.zeros(1000)})
    assert files_in(tmp_path) == before
    if expected is OutputError:
        one_line(caught, path)
        assert error.strerror in caught.value.cause
        assert ("unchanged" in str(caught.value)) is old


def test_the_bytes_are_on_the_disk_before_they_have_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, states = tmp_path / "m", []
    path.write_bytes(b"old")
    fsync = os.fsync

    def look(descriptor: int) -> None:
        fsync(descriptor)
        states.append((path.read_bytes(), os.fstat(descriptor).st_size))

    monkeypatch.setattr(os, "fsync", look)
    write_bundle(path, ABOUT, ARRAYS)
    assert states == [(b"old", path.stat().st_size)]


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from elman.bundle import write_bundle
from elman.errors import OutputError

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
write_bundle(sys.argv[1], {"fits": True}, {"x": np.ones(1000, np.float32)})
try:
    write_bundle(sys.argv[1], {}, {"x": np.zeros(100_000, np.float32)})
except OutputError as error:
    print(error)
"""


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """The system itself stops the write in the middle, after 20,000 of 400,000 bytes."""
    path = tmp_path / "m"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"{path}: cannot be written (File too large). ")
    assert "unchanged" in done.stdout
    assert list(files_in(tmp_path)) == ["m"]
    read = open_bundle(path)
    assert read.about["fits"] is True
    assert np.array_equal(read.arrays(read.layout)["x"], np.ones(1000))


def test_an_unwritable_path_is_detected_before_the_run(tmp_path: Path) -> None:
    for path, hint in (
        (tmp_path, "Name a file"),
        (tmp_path / "no" / "m", "mkdir -p"),
        (tmp_path / ("n" * 300), "another place"),
    ):
        with pytest.raises(OutputError, match=hint) as caught:
            check_writable(path)
        one_line(caught, path)
        with pytest.raises(OutputError):
            write_bundle(path, {}, {})
    check_writable(tmp_path / "m")
    assert files_in(tmp_path) == {}


def test_a_header_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="vocabulary is too large") as caught:
        write_bundle(tmp_path / "m", {"words": "w" * HEADER_LIMIT}, {})
    one_line(caught, tmp_path / "m")
    assert files_in(tmp_path) == {}


# A language model's file, altered field by field


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    model = elman.LanguageModel(hidden_size=4, layers=1, cell="gru", steps=1)
    text = "the cat sat on the mat; the dog did not.\n" * 20
    for _ in model.training(text, cache=Cache(folder / "cache")):
        pass
    model.learn("cat").save(folder / "m")
    return folder / "m"


def altered(source: Path, target: Path, change: Any) -> Path:
    """The same tensors with other metadata."""
    read = open_bundle(source)
    about = copy.deepcopy(read.about)
    change(about)
    text = json.dumps(about)
    target.write_bytes(save(read.arrays(read.layout), metadata={"elman": text}))
    return target


DELETED = object()


def put(*keys: str, value: Any) -> Any:
    def change(about: dict[str, Any]) -> None:
        *path, last = keys
        for key in path:
            about = about[key]
        if value is DELETED:
            del about[last]
        else:
            about[last] = value

    return change


BAD: dict[tuple[str, ...], list[Any]] = {
    ("settings",): [DELETED, None, [], "x", {}],
    ("settings", "tokenizer"): [DELETED, None, "letters", ["character"], 1, "../../etc/passwd"],
    ("settings", "cell"): [DELETED, None, "os.system", ["gru"], "GRU"],
    ("settings", "hidden_size"): [DELETED, 0, -1, 2.0, True, "8", [8], 10**9, 10**30],
    ("settings", "layers"): [DELETED, None, 0, 10**6, 1.5, True],
    ("settings", "components"): [DELETED, None, "norm", ["norms"], [["norm"]], {"norm": 1}, [1]],
    ("settings", "dropout"): [DELETED, 1, -0.1, "0.1", True, [0.1]],
    ("settings", "learning_rate"): [DELETED, 0, -1, 11, "1", False],
    ("settings", "minutes"): [DELETED, None, 0, -3, 1e9, "3", True],
    ("settings", "steps"): [DELETED, 0, -5, 1.0, "1", True],
    ("settings", "seed"): [DELETED, None, -1, 2**31, 0.0, "0", False],
    ("settings", "more"): [1],
    ("architecture",): [DELETED, None, [], {}, "TokenNetwork"],
    ("architecture", "vocabulary"): [DELETED, None, 0, 1, 10**12, "9", [9]],
    ("architecture", "cell"): [DELETED, None, "lstm", "torch.nn.GRU", 3, ["gru"], "clockwork"],
    ("architecture", "hidden_size"): [DELETED, None, 0, 5, 4.0, True, 16_385, 10**30, "4"],
    ("architecture", "layers"): [DELETED, None, 0, 2, 1.0, True, 65, 10**9],
    ("architecture", "components"): [DELETED, None, "norm", [], ["norm", "norm"], ["x"], [[]],
                                list(reversed(COMPONENTS))],
    ("architecture", "dropout"): [DELETED, None, 1.0, -1, "0", True],
    ("architecture", "tied"): [DELETED, None, 0, "no", True],
    ("architecture", "more"): [1],
    ("vocabulary",): [DELETED, None, [], {}, {"name": "word", "tokens": ["a"]}],
    ("vocabulary", "name"): [DELETED, "word", "x", None, ["character"]],
    ("vocabulary", "characters"): [DELETED, "", "ab", "ba", None, 7, ["a"]],
    ("learned",): [DELETED, None, [], "cat", {"cat": 0}, {"cat": 1.5}, {"cat": True},
                   {"cat": "1"}, {"cat": -1}, {"cat": None}],
    ("training",): [DELETED, None, [], "x", 3],
    ("task",): [DELETED, None, "tagger", ["language"], {}, 3, "__import__", "checkpoint"],
    ("schema",): [DELETED, None, 1, 3, 0, "2", [2]],
}  # fmt: skip
ALTERATIONS = [
    *(pytest.param(put(*keys, value=value),
                 id=f"{'.'.join(keys)}-{'gone' if value is DELETED else value!r:.40}")
    for keys, values in BAD.items()
    for value in values),
    pytest.param(put("settings", "minutes", value=10**400), id="minutes-10^400"),
    pytest.param(put("settings", "dropout", value=10**400), id="dropout-10^400"),
    pytest.param(put("architecture", "dropout", value=10**400), id="architecture.dropout-10^400"),
    pytest.param(lambda about: put("architecture", "vocabulary",
                                   value=float(about["architecture"]["vocabulary"]))(about),
                 id="architecture.vocabulary-a float"),
    pytest.param(lambda about: (put("architecture", "cell", value="clockwork")(about),
                                put("settings", "cell", value="clockwork")(about),
                                put("architecture", "hidden_size", value=6)(about)),
                 id="clockwork-of width 6"),
    pytest.param(put("settings", "tokenizer", value="word"), id="tokenizer-not the vocabulary's"),
    pytest.param(put("settings", "cell", value="lstm"), id="cell-not the network's"),
]  # fmt: skip


@pytest.mark.parametrize("change", ALTERATIONS)
def test_a_model_file_altered_in_one_field_is_refused(
    model_path: Path, tmp_path: Path, change: Any
) -> None:
    path = altered(model_path, tmp_path / "m", change)
    with pytest.raises(ModelFileError) as caught:
        elman.load(path)
    one_line(caught, path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_weights_that_are_not_finite_are_refused(
    model_path: Path, tmp_path: Path, value: float
) -> None:
    tensors = load_file(model_path)
    names = [name for name, each in tensors.items() if each.dtype.kind == "f" and each.size]
    assert len(names) > 5
    for name in names:

        def spoil(_: object, arrays: dict[str, Any], name: str = name) -> None:
            arrays[name].reshape(-1)[-1] = value

        model_files.assert_refused(model_files.altered(model_path, tmp_path, spoil))


def test_the_unaltered_file_loads(model_path: Path, tmp_path: Path) -> None:
    """Else all of the above proves nothing."""
    path = altered(model_path, tmp_path / "m", lambda _: None)
    model, first = elman.load(path), elman.load(model_path)
    assert isinstance(model, elman.LanguageModel)
    assert isinstance(first, elman.LanguageModel)
    assert model.get_params() == first.get_params()
    assert model.learned_ == {"cat": 1}
    for one, other in zip(model.network_.parameters(), first.network_.parameters(), strict=True):
        assert torch.equal(one, other)
    assert "".join(model.generate("the", length=9, seed=1)) == "".join(
        first.generate("the", length=9, seed=1)
    )


def test_a_file_of_another_task_is_a_task_error(model_path: Path, tmp_path: Path) -> None:
    path = altered(model_path, tmp_path / "m", put("task", value="checkpoint"))
    with pytest.raises(TaskError, match="--resume"):
        elman.load(path)
    path = altered(model_path, tmp_path / "m", put("task", value="tagger"))
    with pytest.raises(TaskError, match="'tagger', which this version does not know"):
        elman.load(path)


def test_a_huge_network_that_is_only_announced_takes_no_memory(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gigabyte of weights in a file of a few thousand bytes."""
    change = put("architecture", "hidden_size", value=4096)
    path = altered(model_path, tmp_path / "m", change)
    monkeypatch.setattr(bundle, "load_file", lambda _: pytest.fail("read before it was checked"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelFileError) as caught:
        elman.load(path)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 100 * 1024  # KiB
    one_line(caught, path)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_every_kind_of_network_round_trips(tmp_path: Path, cell: str, tied: bool) -> None:
    """Through its file, to the bit; a tied matrix is still one."""
    tokenizer = "word" if tied else "character"
    model = elman.LanguageModel(
        tokenizer=tokenizer, cell=cell, hidden_size=8, steps=1, components=COMPONENTS[1:]
    )
    for _ in model.training("one two three four five\n" * 60, cache=Cache(tmp_path / "cache")):
        pass
    model.save(tmp_path / "m")
    result = elman.load(tmp_path / "m")
    assert isinstance(result, elman.LanguageModel)
    assert result.network_.config == model.network_.config
    assert (result.network_.output.weight is result.network_.embedding.weight) is tied
    state = model.network_.state_dict()
    for name, tensor in result.network_.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    assert not result.network_.training


def test_a_model_stopped_before_its_first_evaluation_is_saved(tmp_path: Path) -> None:
    model = elman.LanguageModel(hidden_size=4, layers=1, steps=9)
    text = "the cat sat on the mat; the dog did not.\n" * 20
    for _ in model.training(text, cache=Cache(tmp_path / "cache"), stop=lambda: True):
        pass
    model.save(tmp_path / "m")
    assert isinstance(elman.load(tmp_path / "m"), elman.LanguageModel)


def test_every_error_is_one_of_ours() -> None:
    assert issubclass(ModelFileError, ElmanError)
    assert issubclass(MissingFileError, ElmanError)
    assert issubclass(OutputError, ElmanError)
