"""Parquet, Feather and Arrow files, also those of Hugging Face's datasets, as lines of JSON."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from elman.errors import InputError
from elman.extras import require
from elman.text.byte_decoding import unreadable
from elman.text.formats.row_file import json_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elman.text.formats.row_file import RowFile


_ROWS = 1024  # converted at once
_FILE_MAGIC, _FEATHER_MAGIC, _PARQUET_MAGIC = b"ARROW1", b"FEA1", b"PAR1"
_LISTS = ("Sequence", "List", "LargeList")  # what Hugging Face's features call them
_Features = dict[str, Any]


def lines(file: RowFile) -> Iterator[str]:
    """The rows, each an object in a line; names of classes where the file numbers them.

    A few rows are in memory at once, or a row group, where the library reads no less.

    Raises:
        MissingFileError: the file cannot be read.
        InputError: it is damaged, or Feather version 1, or pyarrow is not installed.
    """
    pyarrow = require("pyarrow", "files")
    with _errors(pyarrow, file.name):
        features: _Features | None = None
        for batch, part in _batches(pyarrow, file):
            if features is None:
                features = _features(batch.schema, file)
            for start in range(0, batch.num_rows, _ROWS):
                for row in batch.slice(start, _ROWS).to_pylist():
                    named = {key: _named(each, features.get(key)) for key, each in row.items()}
                    yield json_line({key: _plain(each) for key, each in named.items()})
            file.report(part)


@contextmanager
def _errors(pyarrow: Any, name: str) -> Iterator[None]:
    try:
        yield
    except InputError:  # also a ValueError
        raise
    except OSError as error:
        if error.errno is not None:
            raise unreadable(name, error) from error
        raise _damaged(name, error) from error
    except (pyarrow.ArrowException, ValueError, KeyError, TypeError, OverflowError) as error:
        raise _damaged(name, error) from error
    except MemoryError as error:
        raise InputError(
            "a part of the file does not fit in memory",
            location=name,
            hint="Write it with smaller row groups, or as CSV",
        ) from error


def _damaged(name: str, error: Exception) -> InputError:
    cause = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return InputError(
        f"not read, it seems damaged ({cause[:80]})",
        location=name,
        hint="Fetch or write the file again",
    )


def _batches(pyarrow: Any, file: RowFile) -> Iterator[tuple[Any, float]]:
    """Batches of rows, and the part of the file that was read with each."""
    with file.path.open("rb") as opened:
        magic = opened.read(6)
    if magic.startswith(_PARQUET_MAGIC):
        parquet = require("pyarrow.parquet", "files")
        with parquet.ParquetFile(file.path) as opened_file:
            total, done = max(1, opened_file.metadata.num_rows), 0
            for batch in opened_file.iter_batches(batch_size=_ROWS):
                done += batch.num_rows
                yield batch, min(1, done / total)
    elif magic.startswith(_FEATHER_MAGIC):
        # It is read whole, and pyarrow has announced to stop reading it.
        raise InputError(
            "it is Feather version 1, which is out of use",
            location=file.name,
            hint="Write it again, in Python: from pyarrow import feather; "
            f"feather.write_feather(feather.read_table({file.name!r}), {file.name!r})",
        )
    elif magic.startswith(_FILE_MAGIC):
        with pyarrow.OSFile(str(file.path)) as raw, pyarrow.ipc.open_file(raw) as opened_file:
            count = opened_file.num_record_batches
            for index in range(count):
                yield _checked(opened_file.get_batch(index)), (index + 1) / count
    else:
        size = max(1, file.path.stat().st_size)
        with pyarrow.OSFile(str(file.path)) as raw, pyarrow.ipc.open_stream(raw) as stream:
            for batch in stream:
                yield _checked(batch), raw.tell() / size


def _checked(batch: Any) -> Any:
    """A batch whose offsets and texts were checked: those of Arrow are read as they stand."""
    batch.validate(full=True)
    return batch


def _features(schema: Any, file: RowFile) -> _Features:
    """What Hugging Face's datasets say of the columns; empty for other files."""
    described = (schema.metadata or {}).get(b"huggingface")
    beside = file.path.parent / "dataset_info.json"
    if described is not None:
        info = json.loads(described).get("info")
    elif beside.is_file():
        info = json.loads(beside.read_text(encoding="utf-8"))
    else:
        return {}
    features = info.get("features") if isinstance(info, dict) else None
    return features if isinstance(features, dict) else {}


def _named(value: Any, feature: Any) -> Any:
    """A value with the names of its classes; an unknown class (-1) is missing."""
    if isinstance(feature, list) and len(feature) == 1:  # as old versions write lists
        feature = {"_type": "List", "feature": feature[0]}
    if value is None or not isinstance(feature, dict):
        return value
    kind = feature.get("_type")
    if kind == "ClassLabel":
        names = feature.get("names")
        if not isinstance(names, list) or not isinstance(value, int):
            return value
        if value < 0:
            return None
        return names[value] if value < len(names) else value
    if kind in _LISTS and isinstance(value, list):
        return [_named(each, feature.get("feature")) for each in value]
    if kind in _LISTS and isinstance(value, dict) and isinstance(feature.get("feature"), dict):
        inner = feature["feature"]
        return {
            key: [_named(each, inner.get(key)) for each in values]
            if isinstance(values, list)
            else values
            for key, values in value.items()
        }
    if kind is None and isinstance(value, dict):
        return {key: _named(each, feature.get(key)) for key, each in value.items()}
    return value


def _plain(value: Any) -> Any:
    """A value as JSON has it; bytes, which are no text, are missing."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, timedelta) else None
