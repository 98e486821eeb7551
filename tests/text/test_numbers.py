"""Numbers as people write them: one decimal mark for a column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.text.numbers import AmbiguousNumbersError, number_of, read_numbers

SWAPPED = str.maketrans(".,", ",.")


def formatted(value, mark):
    text = f"{value:,.2f}"
    return text if mark == "point" else text.translate(SWAPPED)


@given(
    st.lists(st.integers(-10_000_000, 10_000_000), min_size=1), st.sampled_from(["point", "comma"])
)
def test_two_decimals_say_which_mark_is_the_decimal(cents, mark):
    values = [cent / 100 for cent in cents]
    read = read_numbers([formatted(value, mark) for value in values])
    assert read.values == values
    assert read.decimal == mark


@pytest.mark.parametrize(
    ("cells", "usual", "values"),
    [
        (["101,0", "111,3"], "point", [101.0, 111.3]),
        (["901.0", "1,001.3"], "point", [901.0, 1001.3]),
        (["807", "1.877", "926", "1.940"], "comma", [807, 1877, 926, 1940]),
        (["807", "1,877", "926", "901", "800"], "point", [807, 1877, 926, 901, 800]),
        (["0.690", "1.105"], "point", [0.690, 1.105]),
        (["0.690", "1.105"], "comma", [0.690, 1.105]),
        (["1.105", "2.500"], "point", [1.105, 2.5]),
        (["1,105", "2,500"], "comma", [1.105, 2.5]),
        (["1.234.567", "1.105"], "point", [1234567, 1105]),
        (
            ["$100.10", "€ 5", "-3 %", "(12)", "1 234", "2’500.5"],
            "point",
            [100.1, 5, -3, -12, 1234, 2500.5],
        ),
        (["1e3", "-1.5E-2", ".5", "5."], "point", [1000, -0.015, 0.5, 5]),
        (["7", "abc", "NA", ""], "point", [7, None, None, None]),
        (["1,2", "1.2,3", "2,5"], "point", [1.2, None, 2.5]),
    ],
)
def test_one_mark_for_a_column(cells, usual, values):
    assert read_numbers(cells, usual=usual).values == values


@pytest.mark.parametrize(
    ("cells", "usual"), [(["10,010", "9,270"], "point"), (["1.105", "2.500"], "comma")]
)
def test_the_mark_is_asked_for_where_both_fit(cells, usual):
    with pytest.raises(AmbiguousNumbersError) as error:
        read_numbers(cells, usual=usual)
    for mark, value in error.value.readings.items():
        assert read_numbers(cells, usual=usual, decimal=mark).values[0] == value
    assert max(error.value.readings.values()) == 1000 * min(error.value.readings.values())


@pytest.mark.parametrize(
    "cell", ["1_000", "inf", "nan", "1e999", "1,23,4", "01,234", "12:30", "a1", "", "--1"]
)
def test_what_is_not_a_number(cell):
    assert number_of(cell) is None
