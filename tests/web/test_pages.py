"""Pages as text: their policy, what is packed in them, modules put together."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.web.modules import WEB, joined
from elman.web.page import explanation_page, packed_matrix


@given(st.integers(1, 5), st.integers(1, 9), st.floats(-30, 30), st.integers(0, 99))
def test_matrices_are_packed(times, width, size, seed):
    """Each number is off by half a step of 127 at most."""
    matrix = 10**size * np.random.default_rng(seed).standard_normal((times, width)).round(1)
    packed = packed_matrix(matrix)
    numbers = np.frombuffer(base64.b64decode(packed["int8"]), np.int8) * packed["scale"]
    assert packed["width"] == matrix.shape[1]
    assert np.abs(numbers.reshape(matrix.shape) - matrix).max() <= np.abs(matrix).max() / 253


def test_the_policy_names_what_is_in_the_page(classifier):
    page = explanation_page([classifier.explain("</script><style>fine")])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page).group(1)
    for tag, directive in (("style", "style-src"), ('script type="module"', "script-src")):
        content = page.partition(f"<{tag}>")[2].partition(f"</{tag.split()[0]}>")[0]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    data = page.partition('id="traces">')[2].partition("</script>")[0]
    assert "<" not in data
    assert (
        json.loads(gzip.decompress(base64.b64decode(data)))[0]["sequences"][0]["tokens"][0] == "<"
    )


def test_modules_are_joined():
    """Nothing is imported or exported any more, each file is in it once, after what it needs."""
    text = joined(WEB / "explanation" / "page.js")
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)
    for path in (WEB / "explanation").glob("*.js"):
        exported = re.findall(r"^export (\w+ \w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        for each in exported:
            assert len(re.findall(rf"^{each}\b", text, re.MULTILINE)) == 1, (path.name, each)
    names = re.findall(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "two files give one name to different things"
    assert "/**" not in re.sub(r"^.*/\*\* @type.*$", "", text, flags=re.MULTILINE)
    assert text.index("function element(") < text.index("class Explanation")


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.js")), ids=lambda path: path.name)
def test_text_is_never_made_html(path):
    """Nor is anything run that stands in a string."""
    code = path.read_text(encoding="utf-8")
    unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function"
    assert not re.search(unsafe, code)
