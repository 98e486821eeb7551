"""Translation memories, catalogues of gettext, and files of Tatoeba and OPUS."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from elman.errors import InputError
from elman.tasks.infer_task import infer_task
from elman.text.column_texts import ColumnTexts
from elman.text.files import TextSource
from elman.text.pairs import PairSource

PAIRS = [(f"the cat {number}", f"le chat {number}") for number in range(12)]


def pairs(source, **options):
    return [(each.source, each.target) for each in PairSource(source, **options).pairs()]


def tuv(language, segment, attribute="xml:lang"):
    return f'<tuv {attribute}="{language}"><seg>{segment}</seg></tuv>'


def tmx(units, header='srclang="en"', doctype=""):
    body = "\n".join(f"<tu>{''.join(unit)}</tu>" for unit in units)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<tmx version="1.4">\n'
        f"<header {header}/><body>\n{body}\n</body></tmx>\n"
    )


UNITS = [[tuv("en", source), tuv("fr", target)] for source, target in PAIRS]


@pytest.mark.parametrize("suffix", ["tmx", "tmx.gz"])
@pytest.mark.parametrize("attribute", ["xml:lang", "lang"])
@pytest.mark.parametrize("doctype", ["", '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'])
def test_a_translation_memory(tmp_path, suffix, attribute, doctype):
    units = [
        [tuv("fr-FR", target, attribute), tuv("EN_us", source, attribute)]
        for source, target in PAIRS
    ]
    content = tmx(units, doctype=doctype).encode()
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    source = TextSource([path])
    assert infer_task(source) == ("translate", "TMX, en -> fr")
    read: list[int] = []
    assert [(p.source, p.target) for p in PairSource(source).pairs(read.append)] == PAIRS
    assert sum(read) == path.stat().st_size
    assert source.notes == []


def test_markup_in_segments_is_not_text(tmp_path):
    inline = (
        'a <bpt i="1">&lt;b></bpt>bold<ept i="1">&lt;/b></ept> &amp; <hi>high</hi> word<ph x="1"/>'
    )
    path = tmp_path / "a.tmx"
    path.write_text(tmx([[tuv("en", inline), tuv("fr", "  un\n mot ")]]))
    assert pairs(TextSource([path])) == [("a bold & high word", "un mot")]


def test_units_of_one_language_are_left_out_and_counted(tmp_path):
    path = tmp_path / "a.tmx"
    path.write_text(tmx([*UNITS, [tuv("en", "alone")], [tuv("en", "x"), tuv("fr", "")]]))
    source = TextSource([path])
    assert pairs(source) == PAIRS
    assert source.notes == ["units left out: 2 without both languages"]


def test_of_several_languages_two_are_chosen(tmp_path):
    units = [[*unit, tuv("de", f"die Katze {number}")] for number, unit in enumerate(UNITS)]
    path = tmp_path / "a.tmx"
    path.write_text(tmx(units))
    source = TextSource([path])
    options = {"source_column": "de", "target_column": "en"}
    assert pairs(source, **options)[3] == ("die Katze 3", "the cat 3")
    assert "languages are en, fr, de: choose two with --source-column" in source.notes[0]
    assert pairs(source) == PAIRS
    (document,) = ColumnTexts(source, "de").documents()
    assert "".join(document.chunks()).startswith("die Katze 0\n")


def test_variants_of_a_language_are_two(tmp_path):
    path = tmp_path / "a.tmx"
    path.write_text(tmx([[tuv("zh-CN", "a 1"), tuv("zh-TW", "b 2")]] * 2, header='srclang="zh-CN"'))
    assert pairs(TextSource([path])) == [("a 1", "b 2")] * 2


ENTITIES = '<!DOCTYPE tmx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE tmx [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (tmx(UNITS, doctype=ENTITIES), "declares entities"),
        (tmx(UNITS, doctype=EXTERNAL), "declares entities"),
        (tmx(UNITS)[:-20], "broken XML: no element found"),
        (tmx(UNITS).replace("</seg>", "", 1), "a.tmx:3: broken XML: mismatched tag"),
        (tmx([[tuv("en", "&unknown;")]]), "broken XML: undefined entity"),
        (tmx([]), "holds no units"),
        (tmx([[tuv("en", "one")]] * 2), "one language only, en"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(tmp_path, content, cause):
    path = tmp_path / "a.tmx"
    path.write_text(content)
    with pytest.raises(InputError, match=cause) as error:
        pairs(TextSource([path]))
    assert "\n" not in str(error.value)


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(count):
        path = tmp_path / f"{count}.tmx"
        path.write_text(tmx(UNITS * count))
        (document,) = TextSource([path], chunk_size=10_000).documents()
        tracemalloc.start()
        assert sum(chunk.count("\n") for chunk in document.chunks()) == count * len(UNITS)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    # A block of bytes has a megabyte; the further 18,000 units would take several.
    assert peak(2000) < peak(500) + 1_500_000


CATALOGUE = r"""# Some translators
#, fuzzy
msgid ""
msgstr ""
"Language: fr\n"
"Content-Type: text/plain; charset=%s\n"

#: a.c:1
msgctxt "animals"
msgid "cat"
msgstr "chat"

#, c-format
msgid "%%d file"
msgid_plural "%%d files"
msgstr[0] "%%d fichier"
msgstr[1] "%%d fichiers"

#, fuzzy, c-format
#| msgid "dogs"
msgid "dog"
msgstr "chiens"

msgid "bird"
msgstr ""

msgid ""
"a long\n"
"\"text\" "
"été"
msgstr ""
"un long texte"
msgid "last"
msgstr "fin"

#~ msgid "old"
#~ msgstr "vieux"
"""
MESSAGES = [
    ("cat", "chat"),
    ("%d file", "%d fichier"),
    ('a long "text" été', "un long texte"),
    ("last", "fin"),
]


@pytest.mark.parametrize("charset", ["UTF-8", "ISO-8859-1", "CHARSET"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_catalogue_of_gettext(tmp_path, charset, end):
    path = tmp_path / "fr.po"
    encoding = charset if charset != "CHARSET" else "utf-8"
    path.write_bytes((CATALOGUE % charset).replace("\n", end).encode(encoding))
    source = TextSource([path])
    assert pairs(source) == MESSAGES
    assert source.notes == ["messages left out: 1 fuzzy, 1 without a translation"]
    assert infer_task(source) == ("translate", "gettext, source -> target")
    lines = (CATALOGUE % charset).splitlines()
    for pair in list(PairSource(source).pairs())[:2]:
        assert lines[pair.line - 1] == f'msgid "{pair.source}"'


def test_a_catalogue_in_another_character_set_than_it_says(tmp_path):
    path = tmp_path / "fr.po"
    path.write_bytes((CATALOGUE % "UTF-8").encode("latin-1"))
    with pytest.raises(InputError, match=r"byte 0xe9 is not utf-8.*msgconv"):
        pairs(TextSource([path]))


ATTRIBUTION = "CC-BY 2.0 (France) Attribution: tatoeba.org #{} (CM) & #{} (sacredceltic)"


@pytest.mark.parametrize(
    ("row", "evidence"),
    [
        ("{s}\t{t}\t" + ATTRIBUTION, "TSV, 1 -> 2; column 3 is not read"),
        ("{n}\t{s}\t{n}1\t{t}", "TSV, 2 -> 4; columns 1, 3 are not read"),
        ("{n}\t{s}\t{t}\thttps://a.org/{n}", "TSV, 2 -> 3; columns 1, 4 are not read"),
        ("{s}\t{t}", "TSV, 1 -> 2"),
    ],
)
def test_attributions_and_numbers_are_no_texts(tmp_path, row, evidence):
    path = tmp_path / "fra.txt"
    rows = [row.format(n, 2 * n, s=s, t=t, n=1000 + n) for n, (s, t) in enumerate(PAIRS)]
    path.write_text("\n".join(rows))
    source = TextSource([path])
    assert infer_task(source) == ("translate", evidence)
    assert pairs(source) == PAIRS
    assert PairSource(source).layout_in_words == evidence
