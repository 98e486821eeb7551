"""French and English: pairs are distinct, translations are right, kinds are balanced."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import chain

import pytest

from elman.errors import InputError
from elman.examples import Split, french_english

MONTHS = "January February March April May June July August September October November December"
KINDS = {
    "dates": rf"({'|'.join(MONTHS.split())}) \d+, \d{{4}}$",
    "times": r"^\d+:\d\d [AP]M$",
    "from now": r"^in \d+ | ago$",
    "amounts": r"^[\d,.]+ [^AP]",
    "numbers": r"^(zero|one|two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty|twelve)\b",
    "lists": r" (and|or) [A-Z]\S*( |$)",
}


@pytest.fixture(scope="module")
def split() -> Split[tuple[str, str]]:
    return french_english()


@pytest.fixture(scope="module")
def meanings(split: Split[tuple[str, str]]) -> dict[str, str]:
    return dict(chain(*split))


def test_no_french_is_there_twice(split: Split[tuple[str, str]], meanings: dict[str, str]) -> None:
    total = sum(map(len, split))
    assert len(meanings) == total
    assert total > 20_000
    assert [len(part) / total for part in split] == pytest.approx([0.8, 0.1, 0.1], abs=0.01)


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("15:05", "3:05 PM"),
        ("00:30", "12:30 AM"),
        ("Irlande", "Ireland"),
        ("franc suisse", "Swiss Franc"),
        ("français (Canada)", "French (Canada)"),
        ("soixante et onze", "seventy-one"),
        ("quatre-vingts", "eighty"),
        ("quatre-vingt-un", "eighty-one"),
        ("deux cents", "two hundred"),
        ("deux cent un", "two hundred and one"),
        ("il y a 3 jours", "3 days ago"),
        ("dans 1 semaine", "in 1 week"),
        ("il y a 12 mois", "12 months ago"),
    ],
)
def test_known_pairs(meanings: dict[str, str], french: str, english: str) -> None:
    assert meanings[french] == english


def test_the_first_of_a_month_is_1er(meanings: dict[str, str]) -> None:
    months = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
    firsts = {french for french in meanings if re.search(rf"\b1er ({months}) \d{{4}}$", french)}
    assert len(firsts) > 50
    assert all(" 1, " in meanings[french] for french in firsts)
    assert not any(re.search(rf"(^| )1 ({months})", french) for french in meanings)


def test_every_kind_is_in_every_part(split: Split[tuple[str, str]]) -> None:
    for part in split:
        for kind, pattern in KINDS.items():
            share = sum(bool(re.search(pattern, english)) for _, english in part) / len(part)
            assert 0.03 < share < 0.4, kind


def test_it_is_typed_text(meanings: dict[str, str]) -> None:
    letters = {letter for pair in meanings.items() for text in pair for letter in text}
    assert not {space for space in letters if space.isspace()} - {" "}
    assert all(text == text.strip() != "" for pair in meanings.items() for text in pair)


def test_it_is_the_same_in_another_process(split: Split[tuple[str, str]]) -> None:
    program = "from elman.examples import french_english; print(french_english().test[:50])"
    again = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert again.stdout.strip() == str(split.test[:50])


@pytest.mark.parametrize("package", ["babel", "num2words"])
def test_without_its_packages(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    message = rf"^the package {package} is not installed. Try: pip install 'elman\[examples\]'$"
    with pytest.raises(InputError, match=message):
        french_english()


def test_texts_with_two_translations_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [
        ("livre", "book"),
        ("un\u202fan", "a\xa0year"),
        ("livre", "pound"),
        ("un an", "a year"),
    ]
    module = sys.modules["elman.examples.french_english"]  # the function has the same name
    monkeypatch.setattr(module, "_pairs", lambda: pairs)
    assert list(chain(*french_english())) == [("un an", "a year")]
