"""Model files, read and damaged: for tests that a damaged file is refused in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import elman
from elman.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    Change = Callable[[dict[str, Any], dict[str, Tensor]], object]


def header_of(path: Path) -> dict[str, Any]:
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["elman"])


def altered(path: Path, folder: Path, change: Change) -> Path:
    """A copy in the folder, after `change(header, tensors)` in place. The value "huge" becomes
    1e999, which is sound JSON, and infinite."""
    header, tensors = header_of(path), load_file(path)
    change(header, tensors)
    copy = folder / "m.safetensors"
    save_file(tensors, copy, metadata={"elman": json.dumps(header).replace('"huge"', "1e999")})
    return copy


def setting(*keys: str | int, value: Any) -> Change:
    """A change that sets the entry of the header under these keys."""

    def change(header: Any, _: object) -> None:
        for key in keys[:-1]:
            header = header[key]
        header[keys[-1]] = value

    return change


def with_other_header_bytes(path: Path, folder: Path, data: st.DataObject) -> Path:
    """A copy in the folder, with one to three bytes of the header changed, drawn from `data`."""
    content = bytearray(path.read_bytes())
    end = 8 + int.from_bytes(content[:8], "little")
    for index in data.draw(st.lists(st.integers(8, end - 1), min_size=1, max_size=3)):
        content[index] = data.draw(st.sampled_from(list(b'0123456789"[]{},:-.eE')))
    copy = folder / "m.safetensors"
    copy.write_bytes(content)
    return copy


def assert_refused(path: Path) -> None:
    """Loading fails with one line that names the file."""
    with pytest.raises(ModelFileError) as caught:
        elman.load(path)
    assert caught.value.location == str(path)
    assert "\n" not in str(caught.value)
