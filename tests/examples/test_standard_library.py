"""The text of the standard library."""

from __future__ import annotations

import sys

from elman.examples import documents_of_python
from elman.tasks.language_modeling.inspect import inspect_source
from elman.text.files import TextSource


def test_the_prose_of_python() -> None:
    documents = dict(documents_of_python())
    assert len(documents) > 300
    assert {"antigravity", "this", "turtle"}.isdisjoint(sys.modules), "parsed, not imported"
    assert "regular expression" in documents["re/__init__.py"]
    assert not any(name.startswith(("test/", "idlelib/")) for name in documents)
    report = inspect_source(TextSource.from_texts(documents.values()))
    assert 1_000_000 < report.characters < 4_000_000
    assert report.scripts["latin"] > 0.99
    assert report.duplicate_lines < 0.3
