"""Vectors and descriptions: reading inverts NumPy's writing, and never unpickles."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from elman.errors import EmptyTextError, InputError, MissingFileError
from elman.text import array_file
from elman.text.files import TextSource
from elman.text.vectors import VectorSource, checked_vectors
from messages import message_of

if TYPE_CHECKING:
    pass

KINDS = ["<f2", "<f4", ">f4", "<f8", ">f8", "i1", "u1", "<i4", ">i8", "<u8"]
matrices = st.sampled_from(KINDS).flatmap(
    lambda kind: arrays.arrays(
        np.dtype(kind),
        st.tuples(st.integers(1, 7), st.integers(1, 5)),
        elements={"allow_nan": False, "allow_infinity": False, "min_value": -1e4, "max_value": 1e4}
        if "f" in kind
        else None,
    )
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


in_folder = pytest.mark.usefixtures("folder")


def source_of(values: Any, text: str, **options: Any) -> VectorSource:
    np.save("v.npy", np.asarray(values))
    Path("v.txt").write_text(text)
    return VectorSource(Path("v.npy"), TextSource(["v.txt"]), **options)


@given(values=matrices, fortran=st.booleans(), how=st.sampled_from(["npy", "npz", "small"]))
def test_arrays_that_numpy_writes(
    values: np.ndarray, fortran: bool, how: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "v.npy"
    written = np.asfortranarray(values) if fortran else values
    with path.open("wb") as file:
        {"npy": np.save, "npz": np.savez, "small": np.savez_compressed}[how](file, written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array_file, "_BLOCK", 16)  # so that there are several
        result = VectorSource(path, None).vectors()
    assert result.dtype == np.float32
    assert np.array_equal(result, values.astype(np.float32))


@in_folder
def test_rows() -> None:
    source = source_of([[1, 2], [3, 4]], " one \ntwo  words\n\n\n")
    for _ in range(2):
        vectors, descriptions = source.rows()
        assert vectors.tolist() == [[1, 2], [3, 4]]
        assert descriptions == ["one", "two  words"]
    count: list[int] = []
    source.rows(count.append)
    assert sum(count) == Path("v.txt").stat().st_size
    assert (source.name, source.skipped) == ("v.npy", 0)


@in_folder
def test_named_together() -> None:
    source_of([[1.0]], "one\n")
    both = VectorSource.of_files(TextSource(["v.npy", "v.txt"]))
    assert both.rows()[1] == ["one"]
    alone = VectorSource.of_files(TextSource(["v.npy"]))
    assert alone.vectors().tolist() == [[1]]
    assert message_of(alone.rows) == (
        "v.npy: vectors without descriptions. Name a text file with one line per vector after it"
    )
    for names in (["v.txt", "v.npy"], ["v.txt"], ["v.npy", "v.txt", "v.txt"]):
        assert (
            "expected vectors and a text file with one line per vector. Name a .npy"
            in message_of(
                lambda: VectorSource.of_files(TextSource(names))  # noqa: B023
            )
        )


@in_folder
def test_which_array_of_several() -> None:
    def message_for(**several: Any) -> str:
        np.savez("v.npz", **several)
        return message_of(VectorSource(Path("v.npz"), None).vectors)

    np.savez("v.npz", labels=np.zeros(3), vectors=np.ones((1, 2)))
    assert VectorSource(Path("v.npz"), None).vectors().tolist() == [[1, 1]]
    assert message_for(a=np.zeros((1, 2)), b=np.zeros(2)) == (
        "v.npz: expected one array, found 2 (a, b). Save one array, or name it: "
        "numpy.savez(path, vectors=...)"
    )
    assert message_for().startswith("v.npz: expected one array, found 0 (none). ")
    assert message_for(x=np.zeros(2)).startswith("v.npz, array x: an array of shape (2,), not one")


class Trap:
    """Says when it is unpickled."""

    sprung = False

    def __reduce__(self) -> tuple[Any, ...]:
        return (setattr, (Trap, "sprung", True))


@in_folder
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(3), "v.npy: an array of shape (3,), not one of rows and columns. Save it with "),
        (np.zeros((1, 2, 3)), "v.npy: an array of shape (1, 2, 3), not"),
        (np.zeros((2, 2), complex), "v.npy: an array of complex128, not of floating-point number"),
        (np.zeros((2, 2), bool), "v.npy: an array of bool, not of"),
        (np.full((2, 2), "a"), "v.npy: an array of <U1, not of"),
        (np.zeros(2, [("é", "f4")]), "v.npy: an array of [('é', '<f4')], not of"),
        (np.zeros(2, [("漢", "f4")]), "v.npy: not an array of plain numbers. Save it with numpy"),
        (np.array([[Trap()]]), "v.npy: an array of Python objects, not of"),
        (np.zeros((1, 65_537), np.int8), "v.npy: vectors of 65,537 dimensions, more than 65,536. "),
    ],
)
@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
def test_arrays_that_are_not_vectors(values: np.ndarray, message: str) -> None:
    np.save("v.npy", values)
    assert message_of(VectorSource(Path("v.npy"), None).vectors).startswith(message)
    assert not Trap.sprung
    if "not an array of plain" not in message:
        expected = message.replace("v.npy", "the vectors given")
        assert message_of(lambda: checked_vectors(values)).startswith(expected)


@in_folder
@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_no_vectors(shape: tuple[int, ...]) -> None:
    np.save("v.npy", np.zeros(shape))
    message = message_of(VectorSource(Path("v.npy"), None).vectors, EmptyTextError)
    assert message.startswith(f"v.npy: holds no vectors (its shape is {shape}). ")


@in_folder
@pytest.mark.parametrize(
    ("value", "called"),
    [(np.nan, "NaN"), (np.inf, "infinite"), (-np.inf, "infinite"), (1e300, "infinite, or too lar")],
)
def test_not_finite(value: float, called: str) -> None:
    values = np.arange(12.0).reshape(4, 3)
    values[2, 1] = value
    source = source_of(values, "a\nb\nc\nd\n")
    for call in (source.rows, source.vectors):
        assert message_of(call).startswith(f"v.npy: row 3, column 2 (from 1) is {called}")
    assert message_of(source.rows).endswith("number, or skip such rows: --skip-bad-rows")
    assert message_of(source.vectors).endswith(". Replace it with a number")
    assert message_of(lambda: checked_vectors(values)).startswith(
        "the vectors given: row 3, column 2 "
    )
    vectors, descriptions = source_of(values, "a\n \nc\nd", skip_bad_rows=True).rows()
    assert np.array_equal(vectors, values[[0, 3]])
    assert descriptions == ["a", "d"]


@in_folder
def test_bad_descriptions() -> None:
    values = [[1.0], [2.0], [3.0]]
    assert message_of(source_of(values, "a\n \nc\n").rows) == (
        "v.txt:2: the description is empty. Fix it, or skip such rows: --skip-bad-rows"
    )
    long = f"a\n{'b' * 10_001}\n\n"
    assert message_of(source_of(values, long).rows).startswith(
        "v.txt:2: the description has 10,001 characters, more than 10,000. "
        "Split it into sentences, "
    )
    source = source_of(values, long, skip_bad_rows=True)
    for _ in range(2):
        vectors, descriptions = source.rows()
        assert (vectors.tolist(), descriptions, source.skipped) == ([[1]], ["a"], 2)
    assert message_of(source_of(values, "\n\n\n", skip_bad_rows=True).rows) == (
        "v.npy: all 3 rows are bad. Leave out --skip-bad-rows to see the first error"
    )
    for text, count in (("a\nb\n", 2), ("a\nb\nc\nd\n", 4), ("a\n\n\n\ne\n", 5)):
        assert message_of(source_of(values, text).rows) == (
            f"v.npy: 3 rows, but {count} descriptions in v.txt. Write one description per line, in "
            "the order of the rows"
        )


@in_folder
def test_damaged_files() -> None:
    values = np.arange(600.0).reshape(20, 30)
    path = Path("v.npy")
    for save in (np.save, np.savez):
        with path.open("wb") as file:
            save(file, values)
        whole = path.read_bytes()
        path.write_bytes(whole[:-600])
        assert message_of(VectorSource(path, None).vectors).startswith("v.npy: damaged ")
    np.save(path, values)
    path.write_bytes(path.read_bytes()[:-8])
    assert message_of(VectorSource(path, None).vectors) == (
        "v.npy: damaged or truncated: 4,792 bytes of numbers, but its header says 4,800. Save "
        "or fetch it again"
    )
    path.write_text("Well, yes.")
    assert "damaged in its header, or not a NumPy array" in message_of(
        VectorSource(path, None).vectors
    )
    path.unlink()
    assert message_of(VectorSource(path, None).vectors, MissingFileError).startswith(
        "v.npy: cannot be "
    )


@in_folder
def test_no_more_is_read_than_the_header_promises() -> None:
    np.save("v.npy", np.ones((2, 2)))
    with Path("v.npy").open("ab") as file:
        file.write(b"\0" * 100)
    assert VectorSource(Path("v.npy"), None).vectors().shape == (2, 2)


def header_of(*shape: int) -> bytes:
    out = io.BytesIO()
    promise = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(out, promise)
    return out.getvalue()


@in_folder
def test_a_promise_that_no_file_keeps_takes_no_memory() -> None:
    header = header_of(1 << 40, 1 << 16)
    Path("v.npy").write_bytes(header + b"\0" * 100)
    assert "but its header says" in message_of(VectorSource(Path("v.npy"), None).vectors)
    with zipfile.ZipFile("v.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.npy", header + b"\0" * 100_000)
    assert "but its header says" in message_of(VectorSource(Path("v.npz"), None).vectors)
    Path("v.npy").write_bytes(header_of(-1, -3) + b"\0" * 100)
    assert message_of(VectorSource(Path("v.npy"), None).vectors).startswith(
        "v.npy: damaged in its header. "
    )


@in_folder
@pytest.mark.parametrize(
    ("rows", "message"), [(1000, "truncated. "), (1 << 25, "but its header says 1,073,741,824")]
)
def test_an_archive_whose_directory_lies(rows: int, message: str) -> None:
    with zipfile.ZipFile("v.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.npy", header_of(rows, 4) + b"\0" * 100)
    content = bytearray(Path("v.npz").read_bytes())
    size = content.index(b"PK\1\2") + 24
    content[size : size + 4] = struct.pack("<I", len(header_of(rows, 4)) + rows * 32)
    Path("v.npz").write_bytes(content)
    assert message in message_of(VectorSource(Path("v.npz"), None).vectors)


@given(
    offset=st.integers(0, 400),
    byte=st.integers(0, 255),
    zipped=st.booleans(),
    end=st.integers(1, 9),
)
def test_damaged_files_give_an_error_of_one_line(
    offset: int, byte: int, zipped: bool, end: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = io.BytesIO()
    (np.savez_compressed if zipped else np.save)(out, np.ones((4, 3)))
    damaged = bytearray(out.getvalue())
    offset %= len(damaged)
    damaged[offset : offset + end] = bytes([byte]) * end
    path = tmp_path_factory.getbasetemp() / "damaged.npy"
    path.write_bytes(damaged)
    refusal = f"{path}: "
    try:
        assert np.isfinite(VectorSource(path, None).vectors()).all()
    except InputError as error:
        refusal = str(error)
    assert refusal.startswith(str(path))
    assert "\n" not in refusal


def test_vectors_in_memory() -> None:
    assert checked_vectors([[1, 2]]).dtype == np.float32
    kept = np.ones((2, 2), np.float32)
    assert checked_vectors(kept) is kept
    assert message_of(lambda: checked_vectors([[1, 2], [3]])).startswith(
        "the vectors given: rows of different lengths. "
    )
