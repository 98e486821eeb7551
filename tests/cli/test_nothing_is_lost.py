"""Full disks, interrupts and damage: what was there stays, and a run goes on."""

from __future__ import annotations

import json
import resource
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from elman.tasks.language_modeling.model import LanguageModel
from elman.training.checkpoint import locked_checkpoint

SMALL = ("--hidden-size", "16", "--layers", "1")
RUN = ("train", "tale.txt", "-o", "m.st", "--steps", "80", *SMALL)
IN_THE_WAY = (
    "elman: m.st.checkpoint: there is an unfinished training of m.st. "
    "Continue it with --resume, or delete it: rm m.st.checkpoint\n"
)


@contextmanager
def room_for(size):
    """No file can grow beyond so many bytes: a full disk, for this process alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def checkpoint_always(monkeypatch):
    monkeypatch.setitem(LanguageModel.training.__kwdefaults__, "checkpoint_seconds", 0.0)


@pytest.fixture
def unfinished(elman, here, interrupt_after):  # noqa: ARG001
    """A run that was interrupted, its model and its checkpoint."""
    interrupt_after(25)
    done = elman(*RUN)
    assert done.status == 130, done.err
    interrupt_after(10**6)
    return done


def contents():
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


def stopped_by_a_full_disk(elman, *command, room=3000):
    """Run a command with room for so many bytes a file: status 1, no output, and no file has
    changed. The last line on stderr."""
    before = contents()
    with room_for(room):
        done = elman(*command)
    assert (done.status, done.out) == (1, "")
    assert contents() == before
    return done.err.splitlines()[-1]


def steps_of(model):
    data = Path(model).read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return json.loads(header["__metadata__"]["elman"])["training"]["steps"]


def test_an_interrupted_training_is_a_model_and_goes_on(elman, unfinished):
    assert " s, 25 steps, " in unfinished.err
    assert unfinished.err.splitlines()[-1] == (
        "Stopped early. To continue from m.st.checkpoint, add --resume to the same command."
    )
    assert "m.st: " in unfinished.out
    assert steps_of("m.st") == 25
    assert elman("generate", "m.st", "--length", "3").status == 0
    before = contents()

    done = elman(*RUN)
    assert (done.status, done.out, done.err) == (1, "", IN_THE_WAY)
    other = elman(*RUN, "--resume", "--seed", "5", "--dropout", "0.3")
    assert (other.status, other.out) == (1, "")
    assert other.err == (
        "elman: m.st.checkpoint: the unfinished run there differs in dropout, seed. "
        "Give the same text and settings, or delete the file to start over.\n"
    )
    assert contents() == before

    assert elman(*RUN, "--resume").status == 0
    assert steps_of("m.st") == 80
    assert not Path("m.st.checkpoint").exists()
    straight = elman("train", "tale.txt", "-o", "straight.st", *RUN[4:])
    assert straight.status == 0
    ours, theirs = (elman("generate", m, "--seed", "1") for m in ("m.st", "straight.st"))
    assert ours.out == theirs.out, "as if it had never been interrupted"


def test_an_interrupt_before_the_first_step(elman, here, monkeypatch):  # noqa: ARG001
    before = contents()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("elman.training.state.TrainState.take_step", interrupted)
    done = elman(*RUN)
    assert (done.status, done.out) == (130, "")
    assert done.err.splitlines()[-1] == "elman: interrupted"
    assert not Path("m.st").exists()
    assert {name: data for name, data in contents().items() if "checkpoint" not in name} == before


def test_an_interrupt_during_the_scoring_loses_no_model(elman, here, monkeypatch):  # noqa: ARG001
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("elman.tasks.language_modeling.baseline.best_ngram", interrupted)
    done = elman("train", "tale.txt", "-o", "m.st", "--steps", "3", *SMALL)
    assert (done.status, done.out) == (130, "")
    assert steps_of("m.st") == 3


def test_nothing_to_resume(elman, here):  # noqa: ARG001
    done = elman("train", "tale.txt", "-o", "m.st", "--steps", "3", *SMALL, "--resume")
    assert done.status == 0
    line = "No checkpoint m.st.checkpoint: starting from the beginning."
    assert done.err.splitlines()[0] == line


def test_a_finished_model_is_not_resumed(elman, here):  # noqa: ARG001
    shutil.copy("word.st", "m.st")
    before = contents()
    done = elman("train", "tale.txt", "-o", "m.st", "--steps", "1", *SMALL, "--resume")
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "elman: m.st: its training is finished, so there is nothing to resume. "
        "Name another file with -o, or leave out --resume to start over.\n"
    )
    assert contents() == before


def test_a_second_training_of_the_same_file_is_refused(elman, here):  # noqa: ARG001
    with locked_checkpoint(Path("m.st.checkpoint")):
        before = contents()
        for more in ((), ("--resume",)):
            done = elman(*RUN, *more)
            assert (done.status, done.out) == (1, "")
            assert done.err == (
                "elman: m.st.checkpoint: another training writes it now. "
                "Wait for its end, or name another file with -o.\n"
            )
        assert contents() == before
    assert elman("train", "tale.txt", "-o", "m.st", "--steps", "1", *SMALL).status == 0
    assert not list(Path().glob(".m.st*"))


def test_a_model_behind_a_link_is_replaced(elman, here):  # noqa: ARG001
    Path("models").mkdir()
    Path("m.st").symlink_to("models/real.st")
    assert elman("train", "tale.txt", "-o", "m.st", "--steps", "3", *SMALL).status == 0
    assert Path("m.st").is_symlink()
    assert steps_of("models/real.st") == 3


def test_a_damaged_checkpoint(elman, unfinished):  # noqa: ARG001
    path = Path("m.st.checkpoint")
    path.write_bytes(path.read_bytes()[:-100])
    before = contents()
    done = elman(*RUN, "--resume")
    assert done.status == 1
    assert done.err.startswith("elman: m.st.checkpoint: it has ")
    assert done.err.count("\n") == 1
    assert contents() == before


def test_a_model_in_place_of_the_checkpoint(elman, here):  # noqa: ARG001
    shutil.copy("word.st", "m.st.checkpoint")
    before = contents()
    done = elman(*RUN, "--resume")
    assert done.err == (
        "elman: m.st.checkpoint: it is not a checkpoint. "
        "Use a complete file written by: elman train ... -o MODEL\n"
    )
    assert contents() == before


def test_a_disk_that_is_full_at_the_end(elman, here):  # noqa: ARG001
    shutil.copy("word.st", "m.st")
    command = ("train", "tale.txt", "-o", "m.st", "--steps", "3", *SMALL)
    assert stopped_by_a_full_disk(elman, *command) == (
        "elman: m.st: cannot be written (File too large). Free some space, or name another place "
        "with -o. The old file is unchanged."
    )


def test_a_disk_that_is_full_at_the_end_of_a_run_gone_on_with(elman, unfinished):  # noqa: ARG001
    line = stopped_by_a_full_disk(elman, *RUN, "--resume")
    assert line.endswith("The old file is unchanged.")
    assert elman(*RUN, "--resume").status == 0
    assert steps_of("m.st") == 80


def test_a_disk_that_is_full_at_a_checkpoint(elman, unfinished, checkpoint_always):  # noqa: ARG001
    assert stopped_by_a_full_disk(elman, *RUN, "--resume") == (
        "elman: m.st.checkpoint: cannot be written (File too large); the last checkpoint is kept. "
        "Free some room, then type the same command with --resume."
    )


def test_a_disk_that_is_full_at_the_first_checkpoint(elman, here, checkpoint_always):  # noqa: ARG001
    assert stopped_by_a_full_disk(elman, *RUN) == (
        "elman: m.st.checkpoint: cannot be written (File too large); there is no checkpoint yet. "
        "Free some room, then type the same command again."
    )


def test_a_full_disk_for_the_cache(elman, here, empty_cache):  # noqa: ARG001
    before = contents()
    with room_for(100):
        done = elman(*RUN)
    assert done.err == (
        f"elman: {empty_cache}: the cache cannot be written: file too large. Set ELMAN_CACHE to a "
        "folder with room, or free some with: elman cache --empty\n"
    )
    assert contents() == before
    assert not list(empty_cache.iterdir()), "nothing half made"


def test_a_damaged_cache_is_made_anew(elman, here, empty_cache):  # noqa: ARG001
    arguments = ("test", "word.st", "held.txt", "--train", "tale.txt")
    good = elman(*arguments)
    for name in ("ids.bin", "corpus.json", "entry.json"):
        for path in empty_cache.glob(f"corpus-*/{name}"):
            path.write_bytes(path.read_bytes()[:-7])
        assert elman(*arguments) == good, name
    for path in empty_cache.glob("corpus-*/corpus.json"):
        path.write_bytes(b"x" * path.stat().st_size)  # of the size that is remembered
    assert elman(*arguments) == good


def test_a_text_that_leaves_the_cache_during_training(elman, here, empty_cache, monkeypatch):  # noqa: ARG001
    arguments = ("train", "tale.txt", "-o", "m.st", "--steps", "3", *SMALL)
    save = LanguageModel.save

    def save_and_forget(model, path, **options):
        save(model, path, **options)
        shutil.rmtree(empty_cache)

    with monkeypatch.context() as patched:
        patched.setattr(LanguageModel, "save", save_and_forget)
        done = elman(*arguments)
    assert done.status == 1
    assert done.err.splitlines()[-1] == (
        f"elman: {empty_cache}: the cache was emptied during training: the model is written, "
        "without scores. Score it: elman test MODEL FILE --train FILE"
    )
    assert steps_of("m.st") == 3
    assert elman(*arguments).status == 0, "and is prepared again"


def test_what_a_killed_training_left_half_written_is_removed(elman, here):  # noqa: ARG001
    for name in (".m.st.0123abcd.part", ".m.st.checkpoint.0123abcd.part", ".n.st.0123abcd.part"):
        Path(name).write_bytes(b"half")
    assert elman("train", "tale.txt", "-o", "m.st", "--steps", "1", *SMALL).status == 0
    assert [path.name for path in Path().glob(".*")] == [".n.st.0123abcd.part"]
