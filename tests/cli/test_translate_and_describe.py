"""elman train, test, predict and info on texts with another text each, and on vectors with one."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import elman as package

SMALL = ("--steps", "12", "--hidden-size", "8", "--tokenizer", "character")
TRANSLATE = ("train", "said.fr", "said.en", "-o", "m.st", *SMALL)
DESCRIBE = ("train", "winds.npy", "winds.txt", "-o", "m.st", *SMALL)
SOURCES = ["le chat voit le roi", "un chien aime la maison", "la reine cherche un arbre"]


@pytest.fixture(autouse=True)
def folder(rewriting):
    """With said.fr, said.en, winds.npy, winds.txt and models of the like."""
    return rewriting


@pytest.fixture
def french():
    return package.load("french.st")


@pytest.fixture
def winds():
    return package.load("winds.st")


def answered(done):
    assert done.status == 0, done.err
    return done.out


def objects(out):
    return [json.loads(line) for line in out.splitlines()]


def weights_of(model):
    """Its tensors, without what its header tells of time."""
    data = Path(model).read_bytes()
    return data[8 + int.from_bytes(data[:8], "little") :]


# Training


def test_two_parallel_files_become_a_translator(elman):
    done = elman(*TRANSLATE)
    out = answered(done)
    assert [line.split()[0] for line in out.splitlines()[1:4]] == ["BLEU", "chrF", "exact"]
    assert "\nbaseline: nearest source\n" in out
    assert "\nWith the sources shuffled: BLEU " in out
    assert "\nsacreBLEU: BLEU|nrefs:1|" in out
    assert out.endswith("Next: elman predict m.st -\n")
    assert done.err.startswith(
        "Task: translate, a text for each text (two parallel files; change it with --task).\n"
    )


def test_vectors_become_a_describer(elman):
    done = elman(*DESCRIBE)
    out = answered(done)
    assert "\nbaseline: nearest vector\n" in out
    assert out.endswith("Next: elman predict m.st VECTORS.npy\n")
    assert done.err.startswith(
        "Task: describe, a text for each vector (an array of vectors; change it with --task).\n"
    )


@pytest.mark.parametrize(
    "names", [["said.csv"], ["said.jsonl"], ["said.tsv.gz"], ["said.fr.gz", "said.en.gz"]]
)
def test_pairs_in_any_form_become_the_same_translator(elman, names):
    pairs = [line.split("\t") for line in Path("said.tsv").read_text().splitlines()[1:]]
    Path("said.csv").write_text("source,target\n" + "".join(f"{a},{b}\n" for a, b in pairs))
    rows = (json.dumps({"source": a, "target": b}) for a, b in pairs)
    Path("said.jsonl").write_text("\n".join(rows))
    for ending in ("tsv", "fr", "en"):
        packed = gzip.compress(Path(f"said.{ending}").read_bytes())
        Path(f"said.{ending}.gz").write_bytes(packed)
    answered(elman("train", *names, "-o", "m.st", *SMALL))
    assert weights_of("m.st") == weights_of("french.st")


def test_vectors_in_any_form_become_the_same_describer(elman):
    vectors = np.load("winds.npy")
    np.savez("winds.npz", vectors=vectors, others=vectors[:2])
    answered(elman("train", "winds.npz", "winds.txt", "-o", "m.st", *SMALL))
    assert weights_of("m.st") == weights_of("winds.st")


def test_columns_by_name(elman):
    told = ("train", "said.tsv", "-o", "m.st", *SMALL, "--json")
    named = ("--source-column", "en", "--target-column", "fr")
    report = json.loads(answered(elman(*told, *named)))
    assert report["task"] == "translate"
    turned = [line.split("\t") for line in Path("said.tsv").read_text().splitlines()[1:]]
    Path("turned.tsv").write_text("en\tfr\n" + "".join(f"{b}\t{a}\n" for a, b in turned))
    answered(elman("train", "turned.tsv", "-o", "turned.st", *SMALL))
    assert weights_of("turned.st") == weights_of("m.st")


def test_held_out_pairs_and_vectors(elman):
    valid = ("--valid", "held.fr", "--valid", "held.en", "--json")
    report = json.loads(answered(elman(*TRANSLATE, *valid)))
    assert (report["examples"], report["training"]["pairs"]) == (6, 30)
    valid = ("--valid", "winds.npy", "--valid", "winds.txt", "--json")
    report = json.loads(answered(elman(*DESCRIBE, *valid)))
    assert (report["examples"], report["training"]["descriptions"]) == (30, 30)


@pytest.mark.parametrize("command", [TRANSLATE, DESCRIBE])
def test_an_interrupted_run_goes_on(elman, interrupt_after, command):
    interrupt_after(6)
    stopped = elman(*command)
    assert stopped.status == 130
    assert "add --resume to the same command" in stopped.err
    early = weights_of("m.st")
    assert "there is an unfinished training of m.st" in elman(*command).err
    interrupt_after(10**6)
    answered(elman(*command, "--resume"))
    straight = "french.st" if command is TRANSLATE else "winds.st"
    assert weights_of("m.st") == weights_of(straight) != early, "as if never interrupted"


def test_bad_rows_are_left_out_and_counted(elman):
    with Path("said.fr").open("a") as sources, Path("said.en").open("a") as targets:
        sources.write("\nle roi\n")
        targets.write("the house\n\n")
    done = elman(*TRANSLATE, "--skip-bad-rows")
    answered(done)
    assert "said.fr and 1 more: 2 bad rows skipped.\n" in done.err
    assert weights_of("m.st") == weights_of("french.st")
    vectors = np.load("winds.npy")
    np.save("more.npy", [*vectors, [np.nan, 0, 0], [0, np.inf, 0], [0, 0, 0]])
    Path("more.txt").write_text(Path("winds.txt").read_text() + "a\nb\n\n")
    done = elman("train", "more.npy", "more.txt", "-o", "m.st", *SMALL, "--skip-bad-rows")
    answered(done)
    assert "more.npy: 3 bad rows skipped.\n" in done.err
    assert weights_of("m.st") == weights_of("winds.st")


# Scoring


def test_scores_of_a_translator(elman):
    done = elman("test", "french.st", "held.fr", "held.en", "--json")
    report = json.loads(answered(done))
    assert (report["task"], report["examples"]) == ("translate", 6)
    assert report["baseline"]["name"] == "nearest source"
    assert report["scores"].keys() >= {"bleu", "chrf", "exact_match"}
    assert report["details"]["signatures"]["bleu"].startswith("nrefs:1|")
    assert report["details"]["shuffled_chrf"] >= 0
    told = elman("test", "french.st", "held.fr", "held.en")
    assert "exact match" in answered(told)
    assert told.err.splitlines() == report["warnings"]


def test_sources_that_were_learned_from_are_counted(elman):
    valid = ("--valid", "held.fr", "--valid", "held.en")
    answered(elman(*TRANSLATE, *valid))
    learned = Path("said.fr").read_text().splitlines()
    known = sum(line in learned for line in Path("held.fr").read_text().splitlines())
    for data, both, count in ((("held.fr", "held.en"), known, 6), (("said.tsv",), 30, 30)):
        said = elman("test", "m.st", *data).err
        assert (f"{both} of {count} sources stand in the training data too" in said) == (both > 0)


@pytest.mark.parametrize(
    ("model", "data", "other"),
    [
        ("french.st", ("said.fr", "said.en"), ("held.fr", "held.en")),
        ("winds.st", ("winds.npy", "winds.txt"), ("turned.npy", "winds.txt")),
    ],
)
def test_the_training_data_is_found_again(elman, tmp_path, monkeypatch, model, data, other):
    np.save("turned.npy", np.load("winds.npy")[::-1])
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / "another cache"))
    told = ("test", model, *data, "--json")
    assert json.loads(answered(elman(*told)))["baseline"] is None
    train = [word for name in data for word in ("--train", name)]
    assert json.loads(answered(elman(*told, *train)))["baseline"]
    assert json.loads(answered(elman(*told)))["baseline"], "and now it is known"
    done = elman(*told, *(word for name in other for word in ("--train", name)))
    assert (done.status, done.out) == (1, "")
    assert "this is not the training data of the model. Name the same files" in done.err


# Answers


def test_a_line_for_a_line(elman, french):
    lines = ["", SOURCES[0], " ", SOURCES[1], SOURCES[2]]
    wanted = french.predict(SOURCES)
    for told in (("predict", "french.st"), ("predict", "french.st", "-")):
        done = elman(*told, stdin="\n".join(lines).encode())
        assert answered(done) == f"\n{wanted[0]}\n\n{wanted[1]}\n{wanted[2]}\n"
        assert done.err == ""


@pytest.mark.parametrize("name", ["a.txt", "a.tsv", "a.jsonl", "a.txt.gz"])
def test_sources_of_any_rows(elman, french, name):
    texts = {
        "a.txt": "\n".join(SOURCES) + "\n",
        "a.tsv": "fr\ten\n" + "".join(f"{source}\t\n" for source in SOURCES),
        "a.jsonl": "".join(json.dumps({"source": source}) + "\n" for source in SOURCES),
    }
    written = texts[name.removesuffix(".gz")].encode()
    Path(name).write_bytes(gzip.compress(written) if name.endswith(".gz") else written)
    wanted = "".join(f"{each}\n" for each in french.predict(SOURCES))
    assert answered(elman("predict", "french.st", name)) == wanted
    assert answered(elman("predict", "french.st", name, name)) == wanted * 2


def test_a_column_of_sources(elman, french):
    Path("a.csv").write_text("no,words\n" + "".join(f"7,{source}\n" for source in SOURCES))
    wanted = "".join(f"{each}\n" for each in french.predict(SOURCES))
    told = ("predict", "french.st", "a.csv", "--source-column", "words")
    assert answered(elman(*told)) == wanted


def test_alternatives_in_json(elman, french):
    told = ("predict", "french.st", "--json", "--beam", "4")
    stdin = "\n".join([SOURCES[0], "", SOURCES[1]]).encode()
    first, blank, second = objects(answered(elman(*told, stdin=stdin)))
    assert (blank["line"], blank["text"], blank["alternatives"]) == (2, None, [])
    best = french.predict_best(SOURCES[:2], 4, beam=4, attention=True)
    for found, wanted in zip((first, second), best, strict=True):
        assert found["text"] == " ".join(wanted[0].text.splitlines())
        assert [each["text"] for each in found["alternatives"]] == [each.text for each in wanted]
        scores = [each["score"] for each in found["alternatives"]]
        assert scores == sorted(scores, reverse=True)
        for each in found["alternatives"]:
            product = np.prod([word["probability"] for word in each["words"]])
            assert 0 < each["probability"] <= product * (1 + 1e-5), "the end has one too"
            looked = each["attention"]
            weights = np.array(looked["weights"])
            assert weights.shape == (len(looked["target"]), len(looked["source"]))
            np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    (one, *_) = objects(answered(elman(*told, "--count", "2", stdin=stdin)))
    assert one["alternatives"] == first["alternatives"][:2]


def test_a_greedy_answer_and_a_searched_one(elman, french):
    for beam in (1, 3):
        out = answered(elman("predict", "french.st", "held.fr", "--beam", str(beam)))
        sources = Path("held.fr").read_text().splitlines()
        assert out == "".join(f"{each}\n" for each in french.predict(sources, beam=beam))


def test_a_line_for_each_vector(elman, winds):
    vectors = np.load("winds.npy")[:4]
    np.save("a.npy", vectors)
    np.savez("b.npz", vectors[:1])
    wanted = "".join(f"{each}\n" for each in winds.predict(vectors))
    assert answered(elman("predict", "winds.st", "a.npy")) == wanted
    found = objects(answered(elman("predict", "winds.st", "a.npy", "b.npz", "--json")))
    assert [(each["file"], each["row"]) for each in found] == [
        *(("a.npy", row) for row in (1, 2, 3, 4)),
        ("b.npz", 1),
    ]
    assert "".join(f"{each['text']}\n" for each in found[:4]) == wanted
    assert found[4]["text"] == found[0]["text"]
    assert "attention" not in found[0]["alternatives"][0]


def test_info(elman):
    for name, task in (("french.st", "translate"), ("winds.st", "describe")):
        described = json.loads(answered(elman("info", name, "--json")))
        assert described["task"] == task
        assert described["settings"]["hidden_size"] == 8
        assert described["training"]["steps"] == 12
        assert ["task", task] in [
            line.split() for line in answered(elman("info", name)).splitlines()
        ]
