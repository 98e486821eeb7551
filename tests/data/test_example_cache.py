"""Cached examples: stored by content hash, and None once they are gone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elman.data.cache import Cache
from elman.data.example_cache import cache_examples, cached_examples
from elman.errors import OutputError

LABELS = st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(examples=st.lists(st.tuples(st.text(st.characters()), LABELS), max_size=5))
def test_examples_come_back_as_they_were(tmp_path_factory, examples):
    cache = Cache(tmp_path_factory.mktemp("cache"))
    cache_examples(cache, "abc", examples)
    assert cached_examples(cache, "abc") == [list(each) for each in examples]
    (entry,) = cache.entries()
    assert (entry.kind, entry.about) == ("examples", {"examples": len(examples)})


def test_others_and_those_cleared_are_not_there(tmp_path):
    cache = Cache(tmp_path / "cache")
    assert cached_examples(cache, "abc") is None
    cache_examples(cache, "abc", [("text", "label")])
    assert cached_examples(cache, "abd") is None
    cache.clear()
    assert cached_examples(cache, "abc") is None


def test_caching_twice_stores_one_entry(tmp_path):
    cache = Cache(tmp_path / "cache")
    for _ in range(2):
        cache_examples(cache, "abc", [("text", 1)])
    assert len(cache.entries()) == 1
    assert cached_examples(cache, "abc") == [["text", 1]]


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError) as caught:
        cache_examples(Cache(tmp_path / "file" / "cache"), "abc", [])
    assert "\n" not in str(caught.value)
