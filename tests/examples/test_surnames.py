"""Surnames: each is in one set and has one language; a missing Faker is named."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import chain

import pytest

from elman.errors import InputError
from elman.examples import Split, surnames
from elman.examples.surnames import LANGUAGES


@pytest.fixture(scope="module")
def split() -> Split[tuple[str, str]]:
    return surnames()


def test_no_name_is_there_twice(split: Split[tuple[str, str]]) -> None:
    names = [name for name, _ in chain(*split)]
    assert len(names) == len({name.casefold() for name in names})


def test_every_language_has_enough_in_every_part(split: Split[tuple[str, str]]) -> None:
    rows = Counter(language for _, language in chain(*split))
    assert set(rows) == set(LANGUAGES)
    assert min(rows.values()) >= 70, "Faker 37 has 78 Chinese names in Latin letters"
    for part in split:
        assert {language for _, language in part} == set(LANGUAGES)


def test_the_parts_are_about_eight_one_and_one_tenths(split: Split[tuple[str, str]]) -> None:
    total = sum(map(len, split))
    assert total > 15_000
    assert [len(part) / total for part in split] == pytest.approx([0.8, 0.1, 0.1], abs=0.01)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Achleitner", "German"),
        ("van der Brink", "Dutch"),
        ("Ó Baoill", "Irish"),  # of several words
        ("Hsieh", "Chinese"),  # which is HSIEH in the list
        ("Ja’farov", "Uzbek"),
        ("Kowalczyk", "Polish"),
        ("Bartošová", None),  # Czech and Slovak
        ("Acosta", None),  # Spanish, and in the United States
        ("Kuhar", "Slovene"),  # listed as kuhar too
        ("kuhar", None),
        ("Doe", None),  # what a locale without a list of its own inherits
        ("Akyerεko", None),  # spelled with a Greek epsilon
    ],
)
def test_known_names(split: Split[tuple[str, str]], name: str, language: str | None) -> None:
    assert dict(chain(*split)).get(name) == language


def test_it_is_the_same_in_another_process(split: Split[tuple[str, str]]) -> None:
    program = "from elman.examples import surnames; print(surnames().test[:50])"
    again = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert again.stdout.strip() == str(split.test[:50])


def test_without_faker(monkeypatch: pytest.MonkeyPatch) -> None:
    for locales in LANGUAGES.values():
        monkeypatch.setitem(sys.modules, f"faker.providers.person.{locales[0]}", None)
    with pytest.raises(InputError, match=r"no Faker .* Try: pip install 'elman\[examples\]'$"):
        surnames()
