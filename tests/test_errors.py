"""Errors as a person reads them, in Python and in a shell."""

from __future__ import annotations

import pytest

from elman.errors import InputError, SettingError

PAIRS = {
    "Name the column: --column 2": "Name the column: column=2",
    "--text-column 1 --label-column 2, or read it": "text_column=1 label_column=2, or read it",
    "Fix it, or: --skip-bad-rows": "Fix it, or: skip_bad_rows=True",
    "Give one --season or --horizon": "Give one season or horizon",
    "Fill gaps with --impute linear, previous or zero": (
        "Fill gaps with impute='linear', previous or zero"
    ),
    "Read one: --series 'a b'": "Read one: series='a b'",
    "Name them: --text-column NAME": "Name them: text_column=NAME",
    "Try a smaller --learning-rate.": "Try a smaller learning_rate.",
    "Type: elman test MODEL FILE --train FILE": "Type: elman test MODEL FILE --train FILE",
    "Nothing -- at all - is e-mail": "Nothing -- at all - is e-mail",
}


@pytest.mark.parametrize("hint", PAIRS)
def test_options_are_keywords_in_python(hint):
    error = InputError("it is bad", location="a.csv:3", hint=hint)
    assert str(error) == f"a.csv:3: it is bad. {PAIRS[hint]}"
    assert error.in_shell == f"a.csv:3: it is bad. {hint}"


def test_a_line_has_no_line_ends():
    error = SettingError("two\nlines", location="x")
    assert str(error) == error.in_shell == "x: two lines"
