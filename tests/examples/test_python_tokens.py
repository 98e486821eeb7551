"""Tagged Python source, compared with tags written by hand."""

from __future__ import annotations

import io
import keyword
import textwrap
import tokenize
from collections import Counter, defaultdict
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.examples import PythonSentence, Split, sentences_of_python
from elman.examples.python_tokens import MAX_WORDS, TAGS, tagged_sentences
from elman.examples.standard_library import files_of_python

SIGNS = {tag[0]: tag for tag in TAGS} | {"c": "class", "#": "comment", ".": "operator"}


def tagged(source: str) -> list[tuple[str, str]]:
    return [pair for each in tagged_sentences(source) for pair in zip(*each, strict=True)]


def tags_of(source: str, word: str) -> list[str]:
    return [tag for token, tag in tagged(source) if token == word]


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        ("import os . path", "k m . m"),
        ("import os as system", "k m k m"),
        ("from os . path import join", "k m . m k v"),
        ("from . import cells", "k . k m"),
        ("from ast import Name as N , walk as w", "k m k c k c . v k v"),
        ("def f ( a , * b , c : int = 1 ) : pass", "k f . p . . p . p . b . n . . k"),
        ("def f ( ** d ) -> str : pass", "k f . . p . . b . k"),
        ("async def f ( a ) : await a ( )", "k k f . p . . k f . ."),
        ("class C ( Base , metaclass = Meta ) : pass", "k c . c . p . c . . k"),
        ("class C ( base . thing , Exception ) : pass", "k c . v . c . b . . k"),
        ("x . y . z ( k = v ) . w = 'one two' [ 0 ]", "v . a . f . p . v . . a . s s . n ."),
        ("x = lambda a : a", "v . k p . v"),
        ("print ( None , len )", "b . k . b ."),
        ("x = ast . Name if thing else Other", "v . v . c k v k c"),
        ("TypeName = make ( BZ2File , T , MOST )", "c . f . c . v . v ."),
        ("raise ValueError from error", "k b k v"),
        ("x = ( yield from y )", "v . . k k v ."),
        ("x @ y", "v . v"),
        ("global x , y", "k v . v"),
        ("x : int = 2.5 # if it is", "v . b . n # # # #"),
        ("match = type ( match )", "v . b . v ."),
        ("with open ( x ) as f , lock : pass", "k b . v . k v . v . k"),
        ("x = [ i for i in range ( 3 ) if not i ]", "v . . v k v k b . n . k k v ."),
    ],
)
def test_a_line(source: str, tags: str) -> None:
    expected = [SIGNS[sign] for sign in tags.split()]
    assert tagged(source) == list(zip(source.split(), expected, strict=True))


def source_of(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def test_roles_from_other_uses_in_the_file() -> None:
    source = source_of(
        """
        import os.path
        from os import walk, sep, DirEntry
        def used(): pass
        class lower:
            def method(self): pass
        hold(os, walk, sep, DirEntry, used, lower, method)
        for each in walk(used()): pass
        """
    )
    line = next(each for each in tagged_sentences(source) if each.words[0] == "hold")
    named = dict(zip(line.words, line.tags, strict=True))
    assert named["os"] == "module"
    assert named["walk"] == "function"
    assert named["sep"] == "variable"
    assert named["DirEntry"] == "class"
    assert named["used"] == "function"
    assert named["lower"] == "class"
    assert named["method"] == "variable", "a method is reached as an attribute"


def test_a_local_name_hides_the_one_outside() -> None:
    source = source_of(
        """
        import os
        def f(os, type):
            list = 1
            return (os, type, list)
        lambda os: (os)
        (os, type, list)
        len = 2
        (len)
        """
    )
    hidden = ["parameter", "variable"]
    assert tags_of(source, "os") == ["module", *hidden, *hidden, "module"]
    assert tags_of(source, "type") == ["parameter", "variable", "builtin"]
    assert tags_of(source, "list") == ["variable", "variable", "builtin"]
    assert tags_of(source, "len") == ["variable", "variable"]


def test_decorators() -> None:
    source = source_of(
        """
        @functools.wraps(thing)
        @property
        def f(): pass
        @mark
        class C: pass
        """
    )
    result = tagged(source)
    assert result[:4] == [
        ("@", "decorator"),
        ("functools", "variable"),
        (".", "operator"),
        ("wraps", "decorator"),
    ]
    assert tags_of(source, "property") == tags_of(source, "mark") == ["decorator"]


def test_patterns_and_handlers() -> None:
    source = source_of(
        """
        match command:
            case Move(x=1) | [_, *rest]:
                pass
            case _ as other:
                pass
        try:
            pass
        except (error, socket.timeout) as match:
            pass
        """
    )
    assert tags_of(source, "match") == ["keyword", "variable"]
    assert tags_of(source, "case") == ["keyword"] * 2
    assert tags_of(source, "Move") == tags_of(source, "error") == ["class"]
    assert tags_of(source, "timeout") == ["class"]
    assert tags_of(source, "other") == ["variable"]


def test_a_comment_ends_its_sentence() -> None:
    source = source_of(
        """
        # before
        f(1,  # inside a statement
          2)  # at its end
        # after
        """
    )
    assert [" ".join(each.words) for each in tagged_sentences(source)] == [
        "# before",
        "# inside a statement",
        "f ( 1 , 2 ) # at its end",
        "# after",
    ]


def test_of_a_long_string_the_first_words_and_the_last() -> None:
    words, tags = tagged_sentences(f'"""{" ".join(map(str, range(100)))} end."""\n')[0]
    assert words == ['"""0', "1", "2", "3", "4", "5", "6", 'end."""']
    assert tags == ["string"] * MAX_WORDS


def test_an_f_string_is_one_string() -> None:
    source = "x = f'a {b!r:>{width}} {f\"{c}\"}' 'd' + e\n"
    assert " ".join(word for word, tag in tagged(source) if tag == "string") == source[4:-5]
    assert tags_of(source, "e") == ["variable"]


identifiers = st.from_regex(r"[a-zäßλд_]{1,6}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and not keyword.issoftkeyword(name) and name != "do"
)


@given(identifiers, st.text("é𝔘 漢x", max_size=5))
def test_one_name_has_a_role_for_each_position(name: str, before: str) -> None:
    """Whatever it is called and whatever is before it: columns count bytes in a tree."""
    line = f"'{before}'; do({name}={name}.{name}.{name}({name}.{name})).{name} = lambda {name}: 0\n"
    roles = ["parameter", "variable", "attribute", "function", "variable"]
    roles += ["attribute", "attribute", "parameter"]
    assert [tag for word, tag in tagged(line) if word == name and tag != "string"] == roles


@pytest.fixture(scope="module")
def split() -> Split[PythonSentence]:
    return sentences_of_python(50_000)


def test_the_limit(split: Split[PythonSentence]) -> None:
    counts = [sum(len(each.words) for each in part) for part in split]
    assert 49_000 < counts[0] <= 50_000
    assert all(9_000 < count <= 10_000 for count in counts[1:])
    shorter = sentences_of_python(20_000)
    assert shorter.train == split.train[: len(shorter.train)]


def test_every_word_has_a_tag_and_no_white_space(split: Split[PythonSentence]) -> None:
    for words, tags in chain(*split):
        assert len(words) == len(tags) > 0
        assert set(tags) <= set(TAGS)
        assert all(word.split() == [word] for word in words)
    assert {tag for each in split.train for tag in each.tags} == set(TAGS)


def test_the_tokens_are_those_of_tokenize() -> None:
    """All but strings and comments, in their order, as tokenize has them."""
    _, path = next(file for file in files_of_python() if file[0] == "textwrap.py")
    source = path.read_text(encoding="utf-8")
    kinds = {tokenize.NAME, tokenize.OP, tokenize.NUMBER}
    expected = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type in kinds
    ]
    assert [word for word, tag in tagged(source) if tag not in {"string", "comment"}] == expected


def test_a_word_has_several_tags(split: Split[PythonSentence]) -> None:
    """The task is worth showing: each word's most frequent tag is wrong for every fourth."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for words, tags in split.train:
        for word, tag in zip(words, tags, strict=True):
            counts[word][tag] += 1
    pairs = [pair for each in split.test for pair in zip(*each, strict=True)]
    right = sum(counts[word].most_common(1)[0][0] == tag for word, tag in pairs if word in counts)
    assert 0.6 < right / len(pairs) < 0.8
