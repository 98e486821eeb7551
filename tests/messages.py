"""The message of an error that a call must raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from elman.errors import ElmanError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable


def message_of(call: Callable[[], object], expected: type[ElmanError] = InputError) -> str:
    """One line, of exactly the expected error."""
    with pytest.raises(ElmanError) as caught:
        call()
    assert type(caught.value) is expected
    assert "\n" not in str(caught.value)
    return caught.value.in_shell
