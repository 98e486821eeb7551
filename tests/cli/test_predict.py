"""elman predict: classes and tags of files and of what comes through a pipe."""

from __future__ import annotations

import gzip
import json
import signal
import threading
import time
from pathlib import Path

import pytest

import elman as package

PATIENCE = 120  # seconds until a process that says nothing counts as stuck
TEXTS = ["the cat sat on the mat", "a bird looked at the river", "the dog walked to a house"]
CONLLU = "# text = don't go\n1-2\tdon't" + "\t_" * 8 + "\n"
for number, word in enumerate(["do", "n't", "go"], start=1):
    CONLLU += f"{number}\t{word}\t_\tX" + "\t_" * 6 + "\n"
CONLLU += "3.1\tgone" + "\t_" * 8 + "\n\n"


def ours(done):
    assert (done.status, done.err) == (0, "")
    return done.out


def refused(done, line):
    assert (done.status, done.out, done.err) == (1, "", f"elman: {line}\n")


def objects(out):
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def classes(reading):
    return package.load(reading / "classes.st")


@pytest.fixture
def tags(reading):
    return package.load(reading / "tags.st")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a.txt", "".join(f"{text}\n" for text in TEXTS)),
        ("a.csv", "id,text\n" + "".join(f"1,{text}\n" for text in TEXTS)),
        ("a.tsv", "label\ttext\n" + "".join(f"\t{text}\n" for text in TEXTS)),
        ("a.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)),
        ("a.data", "".join(f"__label__x {text}\n" for text in TEXTS)),
    ],
)
def test_classes_of_any_rows(elman, classes, name, written):
    wanted = "".join(f"{label}\n" for label in classes.predict(TEXTS))
    assert len(set(wanted.split())) > 1
    Path(name).write_text(written)
    Path(f"{name}.gz").write_bytes(gzip.compress(written.encode()))
    assert ours(elman("predict", "classes.st", name)) == wanted
    assert ours(elman("predict", "classes.st", f"{name}.gz", name)) == wanted * 2
    if name != "a.csv" and name != "a.tsv":  # a table is known by its header, or by its name
        assert ours(elman("predict", "classes.st", stdin=written.encode())) == wanted
        assert ours(elman("predict", "classes.st", "-", stdin=written.encode())) == wanted


def test_the_column_that_was_trained_on(elman, reading):  # noqa: ARG001
    rows = [line.split(",") for line in Path("who.csv").read_text("utf-8").splitlines()[1:]]
    written = "".join(f"a title,{text},{label}\n" for text, label in rows)
    Path("both.csv").write_text(f"title,wording,kind\n{written}", encoding="utf-8")
    columns = ("--text-column", "wording", "--label-column", "kind")
    trained = elman("train", "both.csv", "-o", "both.st", *columns, "--steps", "20")
    assert trained.status == 0, trained.err
    named = ours(elman("predict", "both.st", "both.csv", columns[0], columns[1]))
    assert len(set(named.split())) > 1
    assert ours(elman("predict", "both.st", "both.csv")) == named
    assert ours(elman("predict", "both.st", "both.csv", columns[0], "title")) != named
    found = [elman("test", "both.st", "both.csv", "--json", *given) for given in ((), columns)]
    assert found[0] == found[1]
    assert found[0].status == 0


def test_quotes_of_unquoted_tsv_are_those_of_training(elman, classes):
    texts = ['"the bird and the river"', '"the cat," and the mat', "the dog"]
    Path("a.tsv").write_text("text\tlabel\n" + "".join(f"{text}\tx\n" for text in texts))
    rows = objects(ours(elman("predict", "classes.st", "a.tsv", "--json")))
    probabilities = classes.predict_proba(texts).max(axis=1)
    assert [row["probability"] for row in rows] == pytest.approx(probabilities)
    unquoted = classes.predict_proba([texts[0].strip('"')]).max()
    assert unquoted != pytest.approx(probabilities[0])


def test_the_files_of_a_folder_of_classes(elman, reading):
    rows = [line.split(",") for line in Path("who.csv").read_text("utf-8").splitlines()[1:]]
    for number, (text, label) in enumerate(rows[:60]):
        Path("all", label).mkdir(parents=True, exist_ok=True)
        Path("all", label, f"{number:03}.txt").write_text(f"{text}\n\nand on.\n", "utf-8")
    Path("all", "README.txt").write_text("about", "utf-8")
    Path("new").mkdir()
    Path("new", "1.txt").write_text(f"{TEXTS[0]}\n{TEXTS[1]}\n", "utf-8")
    Path("new", "2.txt").write_text(" \n", "utf-8")
    texts = {str(path): path.read_text("utf-8") for path in sorted(Path("all").rglob("0*.txt"))}
    trained = elman("train", "all", "-o", "files.st", "--steps", "20", "--tokenizer", "word")
    assert trained.status == 0, trained.err
    for model in ("files.st", "classes.st"):
        done = elman("predict", model, "all")
        labels = package.load(reading / model).predict(list(texts.values()))
        wanted = list(zip(texts, labels, strict=True))
        assert done.out == "".join(f"{path}\t{label}\n" for path, label in wanted)
        assert (done.status, done.err) == (0, "1 file about the data left out.\n")
        listed = objects(elman("predict", model, "all", "--json").out)
        assert [(each["file"], each["label"]) for each in listed] == wanted
    # A folder without classes is known by the model.
    (label,) = package.load(reading / "files.st").predict([f"{TEXTS[0]}\n{TEXTS[1]}\n"])
    assert ours(elman("predict", "files.st", "new")) == f"new/1.txt\t{label}\nnew/2.txt\t\n"
    assert (
        elman("predict", "classes.st", "new").out.splitlines()
        == package.load(reading / "classes.st").predict(TEXTS[:2]).tolist()
    )


def test_a_line_for_a_line(elman, classes):
    lines = ["", TEXTS[0], " ", "", TEXTS[1], ""]
    answers = ours(elman("predict", "classes.st", stdin="\n".join(lines).encode() + b"\n"))
    first, second = classes.predict(TEXTS[:2])
    assert answers == f"\n{first}\n\n\n{second}\n\n"
    done = elman("predict", "classes.st", "--json", stdin="\n".join(lines).encode() + b"\n")
    blank, full, *_ = objects(ours(done))
    assert blank == {
        "file": "standard input",
        "line": 1,
        "label": None,
        "probability": None,
        "probabilities": None,
    }
    assert (full["line"], full["label"]) == (2, first)


def test_probabilities_in_json(elman, classes):
    stdin = "\n".join(TEXTS).encode()
    result = objects(ours(elman("predict", "classes.st", "--json", stdin=stdin)))
    for each, spread in zip(result, classes.predict_proba(TEXTS), strict=True):
        named = dict(zip(classes.classes_.tolist(), spread.tolist(), strict=True))
        assert each["probabilities"] == pytest.approx(named)
        assert list(each["probabilities"].values()) == sorted(named.values(), reverse=True)
        assert each["probability"] == max(each["probabilities"].values())
        assert each["label"] == next(iter(each["probabilities"]))
    (least,) = objects(
        ours(elman("predict", "classes.st", "--json", "--count", "2", stdin=stdin[:20]))
    )
    assert len(least["probabilities"]) == 2


def test_none_of_these(elman, classes):
    stdin = "\n".join(TEXTS).encode()
    spread = classes.predict_proba(TEXTS).max(axis=1)
    middle = float(sorted(spread)[1])
    arguments = ("predict", "classes.st", "--reject-below", repr(middle))
    wanted = [each or "none of these" for each in classes.predict(TEXTS, reject_below=middle)]
    assert wanted.count("none of these") == 1
    assert ours(elman(*arguments, stdin=stdin)).splitlines() == wanted
    result = objects(ours(elman(*arguments, "--json", stdin=stdin)))
    assert [each["label"] or "none of these" for each in result] == wanted
    assert [each["probability"] for each in result] == pytest.approx(spread)


def test_the_threshold_that_was_fitted(elman, classes):
    classes.calibration_ = classes.calibration_._replace(rejection=1.0)
    classes.save("sure.st")
    arguments = ("predict", "sure.st", "--reject-below", "fitted")
    assert ours(elman(*arguments, stdin=b"the cat\n")) == "none of these\n"


def test_rows_left_out_are_counted_and_keep_their_numbers(elman, classes):
    Path("bad.csv").write_text(f"text,label\n{TEXTS[0]},x\n{TEXTS[1]},x,y\n{TEXTS[2]},x\n")
    first, _, last = classes.predict(TEXTS)
    done = elman("predict", "classes.st", "bad.csv", "--skip-bad-rows")
    assert (done.status, done.out) == (0, f"{first}\n\n{last}\n")
    assert done.err == "1 bad row skipped.\n"


def test_tags_are_written_where_they_stand(elman, tags):
    text = Path("kinds.conll").read_text(encoding="utf-8")
    sentences = [part.splitlines() for part in text.removesuffix("\n\n").split("\n\n")]
    words = [[row.split("\t")[0] for row in rows] for rows in sentences]
    result = tags.predict(words)
    assert len({tag for each in result for tag in each}) > 1
    wanted = "".join(
        "".join(f"{word}\t{tag}\n" for word, tag in zip(*each, strict=True)) + "\n"
        for each in zip(words, result, strict=True)
    )
    assert ours(elman("predict", "tags.st", "kinds.conll")) == wanted
    assert ours(elman("predict", "tags.st", stdin=text.encode())) == wanted
    alone = "".join("".join(f"{word}\n" for word in each) + "\n" for each in words)
    assert ours(elman("predict", "tags.st", stdin=alone.encode())) == wanted


def test_all_else_of_conllu_stays(elman, tags):
    Path("a.conllu").write_text(f"# newdoc\n\n{CONLLU}{CONLLU}# the end\n")
    (result,) = tags.predict([["do", "n't", "go"]])
    wanted = CONLLU
    for word, tag in zip(["do", "n't", "go"], result, strict=True):
        wanted = wanted.replace(f"\t{word}\t_\tX\t", f"\t{word}\t_\t{tag}\t")
    assert ours(elman("predict", "tags.st", "a.conllu")) == f"# newdoc\n\n{wanted * 2}# the end\n"


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n\n# more = no\n"])
def test_sentences_of_two_files_stay_two(elman, tags, end):  # noqa: ARG001
    Path("a.conll").write_text(f"the\ncat{end}")
    arguments = ("predict", "tags.st", "a.conll", "a.conll", "--json")
    assert [each["words"] for each in objects(ours(elman(*arguments)))] == [["the", "cat"]] * 2
    written = ours(elman(*arguments[:-1]))
    again = objects(ours(elman("predict", "tags.st", "--json", stdin=written.encode())))
    assert [each["words"] for each in again] == [["the", "cat"]] * 2


def test_a_column_is_named(elman, tags):  # noqa: ARG001
    text = b"the\tB-X\ncat\tO\n"
    rows = ours(elman("predict", "tags.st", "--column", "3", stdin=text)).splitlines()
    assert [row.rsplit("\t", 1)[0] for row in rows] == text.decode().splitlines()


def test_tags_in_json(elman, tags):
    words = ["the", "old", "cat", "sat"]
    arguments = ("predict", "tags.st", "--json", "--count", "3")
    (result,) = objects(ours(elman(*arguments, stdin="\n".join(["", *words]).encode())))
    (wanted,) = tags.predict_best([words], 3)
    assert (result["line"], result["words"]) == (2, words)
    listed = [result, *result["alternatives"]]
    assert [each["tags"] for each in listed] == [each for each, _ in wanted]
    assert [each["probability"] for each in listed] == pytest.approx([p for _, p in wanted])
    (alone,) = objects(ours(elman(*arguments[:3], stdin="\n".join(words).encode())))
    assert alone.keys() == {"file", "line", "words", "tags", "probability"}


@pytest.mark.parametrize(
    ("model", "asked", "lines"),
    [("classes.st", b"the cat sat\nthe dog sat\n", 2), ("tags.st", b"the\ncat\n\n", 3)],
)
def test_answers_before_the_next_line(reading, start, model, asked, lines):  # noqa: ARG001
    process = start("predict", model)
    stuck = threading.Timer(PATIENCE, process.kill)
    stuck.start()
    answers = []
    for _ in range(3):
        process.stdin.write(asked)
        process.stdin.flush()
        answers.append([process.stdout.readline() for _ in range(lines)])
        assert all(answers[-1])
    assert answers[0] == answers[1] == answers[2]
    out, err = process.communicate(timeout=PATIENCE)
    stuck.cancel()
    assert (process.returncode, out, err) == (0, b"", b"")


def test_nobody_reads_while_somebody_still_writes(reading, start):  # noqa: ARG001
    process = start("predict", "classes.st")
    process.stdin.write(b"the cat sat\n")
    process.stdin.flush()
    assert process.stdout.readline()
    process.stdout.close()
    process.stdin.write(b"the dog sat\n")
    process.stdin.flush()
    assert process.wait(PATIENCE) == 0
    assert process.stderr.read() == b""


def test_an_interrupt_while_nothing_comes(reading, start):  # noqa: ARG001
    process = start("predict", "classes.st")
    process.stdin.write(b"the cat sat\n")
    process.stdin.flush()
    assert process.stdout.readline()
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
    assert process.stderr.read() == b"elman: interrupted\n"


A_SHARE = "It is a probability, from 0 to 1, or 'fitted'."
FORMAT = "One word a line, its tag last, and a blank line after each sentence"
TAGGED = "Use a tagger, or leave out the blank lines to have each line named"
BAD = [
    ("classes.st", b"", "standard input: holds no rows. Name a file with text"),
    (
        "classes.st",
        b"the DET\ncat NOUN\n\nit PRON\n",
        "standard input:1: these are words with tags (CoNLL, 2 columns a word, blank lines "
        f"between sentences), and the model names whole texts. {TAGGED}",
    ),
    (
        "classes.st",
        CONLLU.encode(),
        "standard input:1: these are words with tags (CoNLL-U, ten columns a word), and the "
        f"model names whole texts. {TAGGED}",
    ),
    (
        "classes.st",
        b'{"text": "good"\n',
        "standard input:1: not JSON lines: none of the first lines is a complete object. "
        'Write one object per line: {"text": "...", "label": "..."}',
    ),
    (
        "classes.st",
        b"caf\xe9\n",
        "standard input:1: byte 4 (0xe9) is not UTF-8. Name its encoding, for example: "
        "--encoding cp1252",
    ),
    ("tags.st", b"", f"standard input: holds no sentence. {FORMAT}"),
    (
        "tags.st",
        b"the cat sat\nit left\n",
        "standard input:1: the last column, 'sat', is not a tag that the model knows (ADJ, ADP, "
        "DET, PUNCT or WORD). Write one word a line and a blank line after each sentence, or name "
        "the column to write: --column 4",
    ),
    (
        "tags.st",
        b"text,label\ngood,x\n",
        "standard input:1: these are texts (CSV, text in column text, label in column label), "
        f"and the model tags words. {FORMAT}",
    ),
    (
        "tags.st",
        b'{"text": "good", "label": "x"}\n',
        "standard input:1: these are texts (JSON lines, text in column text, label in column "
        f"label), and the model tags words. {FORMAT}",
    ),
    (
        "tags.st",
        b"the\tDET\ncat\n",
        "standard input:2: expected 2 columns between tabs, as in the first row, but found 1. "
        "Fix it, or skip such sentences: --skip-bad-rows",
    ),
]


@pytest.mark.parametrize(("model", "text", "line"), BAD)
def test_what_cannot_be_read(elman, reading, model, text, line):  # noqa: ARG001
    refused(elman("predict", model, stdin=text), line)


def test_what_is_good_before_a_bad_row_is_answered(elman, classes):
    Path("bad.csv").write_text(f"text,label\n{TEXTS[0]},x\n\n,x\n")
    done = elman("predict", "classes.st", "bad.csv")
    assert (done.status, done.out) == (1, f"{classes.predict(TEXTS[:1])[0]}\n")
    hint = "Fix it, or skip such rows: --skip-bad-rows"
    assert done.err == f"elman: bad.csv:4: the text is empty. {hint}\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            "classes.st --reject-below lots",
            f"--reject-below: 'lots' is out of range. {A_SHARE}",
        ),
        (
            "classes.st --reject-below 1.5",
            f"--reject-below: '1.5' is out of range. {A_SHARE}",
        ),
        (
            "classes.st --json --count 0",
            "--count: 0 is out of range. It is a whole number, from 1 to 1000.",
        ),
        ("classes.st --count 2", "--count: it needs --json. Add --json."),
        (
            "classes.st --column 2",
            "--column: it does not apply to the task 'classify'. Leave it out.",
        ),
        (
            "tags.st --text-column a",
            "--text-column: it does not apply to the task 'tag'. Leave it out.",
        ),
        (
            "tags.st --reject-below 0.5",
            "--reject-below: it does not apply to the task 'tag'. Leave it out.",
        ),
        ("classes.st none.txt", "none.txt: no such file or folder. List what is there: ls ."),
    ],
)
def test_what_cannot_be_asked(elman, reading, arguments, line):  # noqa: ARG001
    refused(elman("predict", *arguments.split(), stdin=b"the cat\n"), line)


def test_a_model_that_writes(elman, here):  # noqa: ARG001
    refused(
        elman("predict", "word.st", stdin=b"the cat\n"),
        "word.st: it is a model for the task 'language', which has no predictions to print. "
        "Generate text: elman generate word.st",
    )


def test_a_closed_stdin(elman, reading):  # noqa: ARG001
    line = "standard input: is closed. Pipe a text into it, or name one instead."
    refused(elman("predict", "classes.st", stdin=None), line)
