"""Small valid files of every format that `docs/files.md` lists, for bench/fuzz_inputs.py."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any, NamedTuple

import numpy as np
import openpyxl
import pyarrow as pa
from pyarrow import feather, parquet

ROWS = [
    (f"{adjective} and {other} a film, number {number}", ("good", "bad")[number % 2])
    for number in range(8)
    for adjective, other in (("warm", "funny"), ("cold", "dull"))
]
PAIRS = [("the cat", "le chat"), ("a warm bird", "un oiseau chaud"), ("it sat", "il s'assit")] * 6
SENTENCES = [
    [("the", "DET"), ("cat", "NOUN"), ("sat", "VERB")],
    [("a", "DET"), ("bird", "NOUN")],
] * 6
VALUES = [round(100 + step + 7 * (step % 4) + 0.5, 1) for step in range(48)]
DAYS = [str(np.datetime64("2024-01-29") + day) for day in range(len(VALUES))]
TALE = "The old king sat on the mat, and a bird sang.\nIt was warm.\n\n" * 8


class Seed(NamedTuple):
    """What a user has and types.

    Attributes:
        files: contents by name, which may name folders.
        words: after `elman peek`; the files by default.
    """

    files: dict[str, bytes]
    words: list[str]


def seeds() -> dict[str, Seed]:
    """A seed of each format."""
    return {**_texts(), **_tables(), **_tagged(), **_pairs(), **_series(), **_binary()}


def _seed(name: str, text: str | bytes, *more: str) -> Seed:
    return Seed({name: text if isinstance(text, bytes) else text.encode()}, [name, *more])


def _lines(records: list[Any]) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records)


def _joined(rows: list[Any], delimiter: str) -> str:
    return "".join(delimiter.join(map(str, each)) + "\n" for each in rows)


def _texts() -> dict[str, Seed]:
    start, end = (f"*** {w} OF THE PROJECT GUTENBERG EBOOK A TALE ***\n" for w in ("START", "END"))
    cue = "{}\n00:00:0{},000 --> 00:00:0{},500\n<i>The cat</i> sat.\n\n"
    chat = "[{}/01/2024, 10:0{}:00] Ann: the cat sat\n"
    dictionary = (
        "".join(f"{w.upper()}  {' '.join(w.upper())}\n" for w in ["cat", "sat", "mat", "bird"]) * 3
    )
    return {
        "text": _seed("tale.txt", TALE),
        "gz": _seed("tale.txt.gz", gzip.compress(TALE.encode())),
        "gutenberg": _seed(
            "book.txt", f"Title: A tale\n\n{start}\n{TALE}\n{end}\nlicence\n", "--strip"
        ),
        "srt": _seed("film.srt", "".join(cue.format(n, n, n) for n in range(1, 9)), "--strip"),
        "vtt": _seed(
            "film.vtt",
            "WEBVTT\n\n" + "".join(f"00:0{n}.000 --> 00:0{n}.900\nA bird.\n\n" for n in range(9)),
            "--strip",
        ),
        "chat": _seed("chat.txt", "".join(chat.format(n, n) for n in range(1, 10)) * 2, "--strip"),
        "pronunciations": _seed("words.dict", dictionary),
        "nested JSON": _seed(
            "messages.jsonl",
            _lines(
                [
                    {"id": n, "message": {"text": text, "by": "a"}}
                    for n, (text, _) in enumerate(ROWS)
                ]
            ),
            *("--task", "language", "--text-column", "message.text"),
        ),
    }


def _tables() -> dict[str, Seed]:
    objects = [{"text": text, "label": label} for text, label in ROWS]
    studio = [
        {"data": {"text": text}, "annotations": [{"result": [
            {"type": "choices", "from_name": "a", "to_name": "text", "value": {"choices": [label]}}
        ]}]}
        for text, label in ROWS
    ]  # fmt: skip
    spans = [{"text": text, "label": [[0, 4, "WORD"]]} for text, _ in ROWS]
    prodigy = [{"text": text, "label": label, "answer": "accept"} for text, label in ROWS]
    files = {f"train/{label}/{n}.txt": text.encode() for n, (text, label) in enumerate(ROWS)}
    slots = {
        "seq.in": "".join(f"{text}\n" for text, _ in ROWS),
        "seq.out": "".join(
            " ".join("B-X" if "film" in w else "O" for w in t.split()) + "\n" for t, _ in ROWS
        ),
        "label": "".join(f"{label}\n" for _, label in ROWS),
    }
    folder = {f"slots/{name}": text.encode() for name, text in slots.items()}
    return {
        "CSV": _seed("reviews.csv", "text,label\n" + "".join(f'"{t}",{b}\n' for t, b in ROWS)),
        "TSV": _seed("reviews.tsv", _joined([("text", "label"), *ROWS], "\t")),
        "no header": _seed("reviews.tsv", _joined(ROWS, "\t")),
        "semicolons": _seed("reviews.csv", _joined([("text", "label"), *ROWS], ";")),
        "JSON lines": _seed("reviews.jsonl", _lines(objects)),
        "JSON array": _seed("reviews.json", json.dumps(objects, indent=1)),
        "fastText": _seed("reviews.txt", "".join(f"__label__{b} {t}\n" for t, b in ROWS)),
        "folder of classes": Seed(files, ["train"]),
        "slots": Seed(folder, ["slots", "--task", "tag"]),
        "intents": Seed(folder, ["slots", "--task", "classify"]),
        "Label Studio": _seed("export.json", json.dumps(studio)),
        "doccano": _seed("export.jsonl", _lines(spans)),
        "Prodigy": _seed("export.jsonl", _lines(prodigy)),
    }


def _tagged() -> dict[str, Seed]:
    columns = "".join("".join(f"{w} {t}\n" for w, t in each) + "\n" for each in SENTENCES)
    universal = "".join(
        f"# sent_id = {number}\n"
        + "".join(f"{n}\t{w}\t{w}\t{t}\t_\t_\t0\troot\t_\t_\n" for n, (w, t) in enumerate(each, 1))
        + "\n"
        for number, each in enumerate(SENTENCES)
    )
    plus = "# global.columns = ID FORM UPOS\n" + "".join(
        "".join(f"{n}\t{w}\t{t}\n" for n, (w, t) in enumerate(each, 1)) + "\n" for each in SENTENCES
    )
    table = [("Sentence #", "Word", "POS")] + [
        (f"Sentence: {number}" if n == 0 else "", w, t)
        for number, each in enumerate(SENTENCES)
        for n, (w, t) in enumerate(each)
    ]
    lists = [{"tokens": [w for w, _ in e], "tags": [t for _, t in e]} for e in SENTENCES]
    return {
        "CoNLL": _seed("words.conll", columns),
        "CoNLL-U": _seed("words.conllu", universal),
        "CoNLL-U Plus": _seed("words.conllup", plus),
        "word/TAG": _seed(
            "words.txt", "".join(" ".join(f"{w}/{t}" for w, t in e) + "\n" for e in SENTENCES)
        ),
        "sentence table": _seed("words.csv", _joined(table, ",")),
        "lists": _seed("words.jsonl", _lines(lists)),
    }


def _pairs() -> dict[str, Seed]:
    units = "".join(
        f'<tu><tuv xml:lang="en"><seg>{a}</seg></tuv><tuv xml:lang="fr"><seg>{b}</seg></tuv></tu>\n'
        for a, b in PAIRS
    )
    header = '<?xml version="1.0"?>\n<tmx version="1.4"><header srclang="en"/><body>\n'
    tmx = f"{header}{units}</body></tmx>\n"
    po = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n' + "".join(
        f'#: a.c:{n}\nmsgid "{a} {n}"\nmsgstr "{b} {n}"\n\n' for n, (a, b) in enumerate(PAIRS)
    )
    tatoeba = _joined([(n, a, n + 9, b) for n, (a, b) in enumerate(PAIRS)], "\t")
    sides = {
        f"corpus.{name}": _joined([[each[n]] for each in PAIRS], "").encode()
        for n, name in enumerate(("en", "fr"))
    }
    return {
        "parallel files": Seed(sides, [*sides]),
        "TMX": _seed("memory.tmx", tmx),
        "gettext": _seed("fr.po", po),
        "Tatoeba": _seed("pairs.tsv", tatoeba),
        "pairs": _seed("pairs.tsv", _joined([("source", "target"), *PAIRS], "\t")),
    }


def _series() -> dict[str, Seed]:
    rows = [*zip(DAYS, VALUES, strict=True)]
    tsf = (
        "@relation a\n@attribute series_name string\n@attribute start_timestamp date\n"
        "@frequency daily\n@horizon 4\n@missing false\n@equallength true\n@data\n"
        + "".join(f"T{n}:2024-01-29 00-00-00:{','.join(map(str, VALUES))}\n" for n in range(3))
    )
    m4 = _joined(
        [["id", *(f"V{n}" for n in range(2, 50))], *[[f"D{n}", *VALUES] for n in range(3)]], ","
    )
    long = _joined(
        [("unique_id", "ds", "y"), *((f"T{n}", *row) for n in range(3) for row in rows)], ","
    )
    comma = [
        (day[8:] + "." + day[5:7] + "." + day[:4], str(y).replace(".", ",")) for day, y in rows
    ]
    return {
        "series": _seed("sales.csv", _joined([("date", "sales"), *rows], ",")),
        "decimal commas": _seed("sales.csv", _joined([("Datum", "Wert"), *comma], ";")),
        "tsf": _seed("daily.tsf", tsf),
        "M4": _seed("Daily-train.csv", m4),
        "long table": _seed("long.csv", long),
    }


def _binary() -> dict[str, Seed]:
    table = pa.table({"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]})
    outputs = {name: io.BytesIO() for name in ("parquet", "feather", "arrow", "xlsx", "npy", "npz")}
    parquet.write_table(table, outputs["parquet"], row_group_size=5)
    feather.write_feather(table, outputs["feather"])
    with pa.ipc.new_stream(outputs["arrow"], table.schema) as stream:
        stream.write_table(table)
    book = openpyxl.Workbook()
    for row in [("text", "label"), *ROWS]:
        book.active.append(row)
    book.save(outputs["xlsx"])
    vectors = np.eye(3, dtype=np.float32)[np.arange(len(ROWS)) % 3]
    np.save(outputs["npy"], vectors)
    np.savez(outputs["npz"], vectors=vectors)
    texts = "".join(("north", "south", "west")[n % 3] + "\n" for n in range(len(ROWS))).encode()
    found = {
        kind: _seed(f"reviews.{kind}", outputs[kind].getvalue())
        for kind in ("parquet", "feather", "arrow", "xlsx")
    }
    for kind in ("npy", "npz"):
        files = {f"winds.{kind}": outputs[kind].getvalue(), "winds.txt": texts}
        found[kind] = Seed(files, [*files])
    rows = _joined([("text", "label"), *ROWS], "\t").encode()
    found["gz of a table"] = _seed("reviews.tsv.gz", gzip.compress(rows))
    return found
