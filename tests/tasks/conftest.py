from __future__ import annotations

import pytest

from elman.training import precision


@pytest.fixture(scope="module")
def exact_products():
    """Products in float32: bfloat16 would hide small differences."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(precision, "fast_type", lambda _: None)
        yield
