"""A training that could not read its data once says how long that would take."""

from __future__ import annotations

import re

import pytest

from elman.cli.train import say_unread


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"tokens": 1000, "tokens_read": 250, "seconds": 60}, "25% of the data.*--minutes 4\n"),
        ({"words": 1000, "tokens_read": 999, "seconds": 60}, "100% of the data.*--minutes 2\n"),
        (
            {"source_tokens": 600, "target_tokens": 400, "tokens_read": 100, "seconds": 60},
            "10% of the data.*--minutes 10\n",
        ),
        ({"tokens": 1000, "tokens_read": 1000, "seconds": 60}, "^$"),
        ({"tokens": 1000, "tokens_read": 0, "seconds": 60}, "^$"),
        ({"pairs": 10, "tokens_read": 5, "seconds": 60}, "^$"),
    ],
)
def test_it_is_said_what_was_not_read(record, said, capsys):
    say_unread(record)
    captured = capsys.readouterr()
    assert not captured.out
    assert re.search(said, captured.err)
