"""The Makefile: targets named in documents exist, and `make quick` tests some of each package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import elman

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
QUICK = re.search(r"^QUICK :=((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)[1].replace("\\", "").split()
PACKAGES = {path.parent.name for path in Path(elman.__file__).parent.glob("*/__init__.py")}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("README.md", {"demo", "test"}),
        ("CONTRIBUTING.md", {"quick", "test", "check", "check-native", "check-web"}),
    ],
)
def test_targets_in_documents_exist(document, expected):
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert targets == expected
    assert all(re.search(rf"^{target}:", MAKEFILE, re.MULTILINE) for target in targets)


def test_tests_that_contributors_are_told_to_run_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"pytest.*? (tests/[\w/.]+)", text)
    assert len(paths) >= 5
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_quick_tests_exist():
    assert [path for path in QUICK if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_package_has_quick_tests(package):
    """Add a fast test file that imports the package to QUICK in the Makefile."""
    imports = re.compile(rf"\b(from|import) elman\.{package}\b")
    files = [
        file
        for path in QUICK
        for file in ((ROOT / path).glob("test_*.py") if (ROOT / path).is_dir() else [ROOT / path])
    ]
    assert any(imports.search(file.read_text(encoding="utf-8")) for file in files)
