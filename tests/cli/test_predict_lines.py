"""What each command answers when all is well."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

from elman.console.terminal import finite, share_in_words, size_in_words
from elman.kernels import core
from elman.tasks.language_modeling.report import KSR
from elman.version import __version__


def ours(done):
    """The answer of a command that went well and had nothing to remark."""
    assert (done.status, done.err) == (0, "")
    return done.out


def an_object(done):
    """A machine's answer: one line, one object, all of it JSON as the standard has it."""

    def refuse(name):
        raise AssertionError(name)

    out = ours(done)
    assert out.count("\n") == 1
    return json.loads(out, parse_constant=refuse)


def test_version_and_help(elman):
    assert ours(elman("--version")) == f"elman {__version__}\n"
    commands = ours(elman("--help"))
    assert ours(elman("-h")) == commands
    for command in ("peek", "train", "test", "generate", "suggest", "info", "cache", "demo"):
        assert f"\n  {command} " in commands
        shown = ours(elman(command, "--help"))
        assert shown.startswith(f"Usage: elman {command} ")
        assert max(map(len, shown.splitlines())) <= 80
    assert "..." not in commands.partition("Commands:")[2], "each told in full"
    bare = elman()
    assert (bare.status, bare.out, bare.err) == (2, commands, "")


def test_peek(elman, here):  # noqa: ARG001
    lines = ours(elman("peek", "tale.txt")).splitlines()
    assert lines[0] == "documents            1"
    assert "lines                150" in lines
    assert lines[-5:] == [
        "",
        "It looks like text to continue: a language model.",
        "As training text it is very little: a network will learn it by heart; "
        "add text, from 100 kB on.",
        "Tokenizer: character (in a text of this size letters recur often, most words seldom).",
        "Next: elman train tale.txt -o model.safetensors --tokenizer character",
    ]
    assert an_object(elman("peek", "tale.txt", "--json"))["lines"] == 150
    text = Path("tale.txt").read_bytes()
    from_pipe = elman("peek", "-", "--json", stdin=text)
    assert an_object(from_pipe)["characters"] == len(text.decode())


def test_what_comes_next_can_be_pasted(elman, here):  # noqa: ARG001
    Path("my tale.txt").write_bytes("Où est le café ?\n".encode("latin-1") * 50)
    output = ours(elman("peek", "my tale.txt", "--encoding", "latin-1"))
    assert "Next: elman train 'my tale.txt' --encoding latin-1 -o model.safetensors" in output


def test_train(made):
    out = (made / "character.out").read_text().splitlines()
    assert out[0].split() == ["model", "baseline", "95", "%", "interval", "of", "the", "difference"]
    assert [re.split("  +", line.strip())[0] for line in out[1:5]] == [
        "nats per character",
        "on fresh blocks of 64",
        "bits per character",
        "perplexity per word",
    ]
    assert out[5].startswith("baseline: interpolated modified Kneser-Ney, order ")
    verdict = r"The model is \d\.\d{3} nats per character (better|worse) than its baseline"
    assert re.match(verdict, out[6])
    assert re.fullmatch(
        r'character\.st: [\d.]+ kB\. Next: elman generate character\.st "The "', out[7]
    )
    assert len(out) == 8
    first, second = (made / "character.err").read_text().splitlines()
    task = "Task: language, the next character of a text (running text; change it with --task)."
    assert first == task
    assert re.fullmatch(
        r"Trained \d+ s, 20 steps, [\d,]+ tokens; best weights from step 20\.", second
    )


def test_train_on_words(made):
    out = (made / "word.out").read_text().splitlines()
    assert KSR in out
    assert any(line.startswith("next word, among three") for line in out)
    assert out[-1].endswith('Next: elman suggest word.st "The "')


def test_train_in_json(elman, here):  # noqa: ARG001
    done = elman(
        "train", "tale.txt", "-o", "new.st", "--steps", "2", "--hidden-size", "8", "--json"
    )
    answer = json.loads(done.out)
    assert {"model", "task", "examples", "scores", "baseline", "interval"} < answer.keys()
    assert answer["model"] == "new.st"
    assert answer["training"]["steps"] == 2
    described = an_object(elman("info", "new.st", "--json"))
    assert described["training"]["scores"] == answer["scores"]


def test_test(elman, here):  # noqa: ARG001
    assert "95 % interval" in ours(elman("test", "character.st", "held.txt"))
    answer = an_object(elman("test", "word.st", "held.txt", "--json"))
    assert answer["task"] == "language"
    assert 0 < answer["scores"]["top3"] <= 1
    assert answer["baseline"]["name"].startswith("interpolated modified Kneser-Ney")
    low, high = answer["interval"]["nats_per_token"]
    assert low < high


def test_test_without_the_training_text(elman, here, empty_cache):  # noqa: ARG001
    done = elman("test", "word.st", "held.txt")
    assert done.status == 0
    assert "baseline" not in done.out
    note = "No baseline: the training data is not in the cache. Name it: --train FILE"
    assert done.err == f"{note}\n"
    answer = an_object(elman("test", "word.st", "held.txt", "--json"))
    assert (answer["baseline"], answer["warnings"]) == (None, [note])
    assert "baseline: " in ours(elman("test", "word.st", "held.txt", "--train", "tale.txt"))
    assert "baseline: " in ours(elman("test", "word.st", "held.txt")), "and now it is known"


@pytest.mark.parametrize("text", ["Hi\n", " \n \n", "the cat"])
def test_a_short_text_is_scored(elman, here, text):  # noqa: ARG001
    Path("short.txt").write_text(text)
    answer = an_object(elman("test", "character.st", "short.txt", "--json"))
    assert answer["examples"] == len(text)
    low, high = answer["interval"]["nats_per_token"]
    assert low < high
    assert ("perplexity" in answer["scores"]) == bool(text.strip())
    assert ours(elman("test", "character.st", "short.txt"))


def test_a_model_whose_text_has_no_spaces_can_be_kept(elman, here):  # noqa: ARG001
    # All of a long text is one word, whose perplexity is beyond any number.
    Path("dense.txt").write_text("abcab" * 800)
    small = ("--steps", "1", "--hidden-size", "4", "--counts", "off")
    done = elman("train", "dense.txt", "-o", "d.st", *small, "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["scores"]["perplexity"] is None
    assert an_object(elman("info", "d.st", "--json"))["training"]["scores"]["perplexity"] is None


def test_generate(elman, here):  # noqa: ARG001
    arguments = ("generate", "character.st", "the c", "--length", "30", "--seed", "3")
    text = ours(elman(*arguments))
    assert text.startswith("the c")
    assert text.endswith("\n")
    answer = an_object(elman(*arguments, "--json"))
    assert [f"the c{sample}\n" for sample in answer["samples"]] == [text]
    several = ours(elman(*arguments, "--samples", "2"))
    assert several.startswith("--- 1 of 2\nthe c")
    assert "\n--- 2 of 2\nthe c" in several
    assert ours(elman("generate", "character.st", "-", *arguments[3:], stdin=b"the c")) == text


@pytest.mark.parametrize(
    "prompt", [b"", b"\xff\xfe", b"\0", "😀 漢".encode(), b"a\t\x1b[0m\r\n", b"x " * 500]
)
@pytest.mark.parametrize("model", ["character.st", "word.st"])
def test_prompts_of_any_bytes(elman, here, prompt, model):  # noqa: ARG001
    begun = prompt.decode("utf-8", "replace")
    Path("prompt").write_bytes(prompt)
    for arguments in (("-",), ("--prompt-file", "prompt")):
        text = ours(elman("generate", model, *arguments, "--length", "2", stdin=prompt))
        assert text.startswith(begun)
    if b"\0" not in prompt:
        argument = prompt.decode("utf-8", "surrogateescape")
        assert ours(elman("generate", model, argument, "--length", "2")).startswith(begun)
        assert ours(elman("suggest", model, argument)) is not None
    answer = an_object(elman("suggest", model, "-", "--json", stdin=b"x" + prompt[:2]))
    assert len(answer["suggestions"]) <= 3


def test_suggest(elman, here):  # noqa: ARG001
    line = ours(elman("suggest", "word.st", "the "))
    assert re.fullmatch(r"(\S+ \((<0\.1|\d+(\.\d)?)%\)(  |\n)){3}", line)
    lines = ours(elman("suggest", "word.st", "-", stdin=b"the \nthe c\n\nthe"))
    assert lines.splitlines()[0] == line.rstrip("\n")
    assert lines.count("\n") == 4
    answer = an_object(elman("suggest", "word.st", "the ", "--json"))
    assert [f"{s['word']} ({share_in_words(s['probability'])})" for s in answer["suggestions"]] == (
        line.rstrip("\n").split("  ")
    )


def test_info(elman, here):  # noqa: ARG001
    lines = ours(elman("info", "character.st")).splitlines()
    assert lines[0].startswith("file  ")
    assert re.search(r"  character\.st \([\d.]+ kB\)$", lines[0])
    assert "network" in lines
    assert any(re.fullmatch(r"  hidden size +16", line) for line in lines)
    answer = an_object(elman("info", "character.st", "--json"))
    assert answer["settings"]["hidden_size"] == 16
    assert answer["bytes"] == Path("character.st").stat().st_size


def test_info_of_the_program_itself(elman):
    report = an_object(elman("info", "--json"))
    assert list(report) == ["elman", "python", "torch", "threads", "native_core"]
    assert report["elman"] == __version__
    assert report["threads"] == torch.get_num_threads()
    assert report["native_core"] == core.name()
    lines = ours(elman("info")).splitlines()
    assert lines[0] == f"elman        {__version__}"
    assert lines[-1] == f"native core  {core.name()}"
    with core.using("off"):
        assert "\nnative core  off (" in ours(elman("info"))


def test_cache(elman, here, empty_cache):  # noqa: ARG001
    assert ours(elman("cache")) == f"0 entries, 0 B of 5.4 GB, in {empty_cache}\n"
    assert elman("test", "character.st", "held.txt").status == 0
    lines = ours(elman("cache")).splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d  corpus character      +[\d.]+ kB", lines[0])
    assert lines[1].startswith("1 entry, ")
    assert lines[2] == "Empty it with: elman cache --empty"
    (entry,) = an_object(elman("cache", "--json"))["entries"]
    assert ours(elman("cache", "--empty")) == (
        f"{size_in_words(entry['bytes'])} freed in {empty_cache}\n"
    )
    assert an_object(elman("cache", "--empty", "--json"))["freed"] == 0


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_960, "1.0 MB"),
        (5.4e9, "5.4 GB"),
        (1e13, "10,000.0 GB"),
    ],
)
def test_sizes(count, words):
    assert size_in_words(count) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(1, "100%"), (0.1, "10%"), (0.0996, "10%"), (0.0994, "9.9%"), (0.001, "0.1%"), (0, "<0.1%")],
)
def test_shares(share, words):
    assert share_in_words(share) == words


def test_what_json_cannot_say():
    value = {"a": [float("inf"), 1.5], "b": {"c": float("nan")}, "d": (True, None, "x")}
    assert finite(value) == {"a": [None, 1.5], "b": {"c": None}, "d": [True, None, "x"]}
