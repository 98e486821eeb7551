"""`elman train --watch`: what it tells over HTTP, to whom, and that training is the same."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import sys
import threading

import pytest

httpx = pytest.importorskip("httpx", reason="httpx is not installed")
pytest.importorskip("fastapi", reason="the extra serve is not installed")


ADDRESS = "Watch it at "


def events_in(text):
    """The entries in server-sent events: (id, kind, data)."""
    result = []
    for block in text.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.splitlines())
        if "data" in fields:
            result.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return result


class Run:
    """`elman train --watch` as a process, heard by as many readers as one likes."""

    def __init__(self, start, *arguments):
        self.process = start("train", *arguments, "--watch")
        self.lines = []
        for line in iter(self.process.stderr.readline, b""):
            self.lines.append(line.decode())
            if ADDRESS in self.lines[-1]:
                break
        self.address = self.lines[-1].rpartition(ADDRESS)[2].strip()
        self.heard = {}

    def hear(self, name, **settings):
        """Take all events in a thread, until they end."""

        def take():
            self.heard[name] = httpx.get(f"{self.address}/events", timeout=60, **settings).text

        thread = threading.Thread(target=take)
        thread.start()
        return thread

    def follow(self, until):
        """Take events until their text is as is wanted, and no more; that text."""
        text = ""
        with httpx.stream("GET", f"{self.address}/events", timeout=30) as answer:
            for piece in answer.iter_text():
                text += piece
                if until(text):
                    return text
        raise AssertionError(text)

    def end(self):
        out, err = self.process.communicate(timeout=90)
        return self.process.returncode, out.decode(), "".join(self.lines) + err.decode()


@pytest.fixture
def watched(here, start):  # noqa: ARG001
    return lambda *arguments: Run(start, *arguments)


LANGUAGE = ("tale.txt", "-o", "new.st", "--hidden-size", "16", "--seed", "3")


def test_the_events_are_those_of_the_terminal(watched):
    run = watched(*LANGUAGE, "--steps", "60", "--json")
    early, second = run.hear("early"), run.hear("second")
    run.follow(lambda text: "event: validated" in text)
    late = run.hear("late")
    status, out, err = run.end()
    for thread in (early, second, late):
        thread.join(30)
    assert status == 0, err
    entries = events_in(run.heard["early"])
    kinds = [kind for _, kind, _ in entries]
    assert (kinds[0], kinds[-2:]) == ("run", ["finished", "ended"])
    assert events_in(run.heard["second"]) == events_in(run.heard["late"]) == entries
    answer = json.loads(out)
    data = {kind: data for _, kind, data in entries}
    assert data["ended"]["report"]["scores"] == answer["scores"]
    assert data["ended"]["commands"][0] == "elman serve new.st"
    assert data["finished"]["step"] == data["progress"]["step"] == 60
    assert f"best weights from step {data['finished']['best_step']}." in err
    validations = [data for _, kind, data in entries if kind == "validated"]
    best = min(validations, key=lambda look: look["loss"])
    assert best["loss"] == data["finished"]["best_loss"]
    assert best["step"] == data["finished"]["best_step"]
    assert all(look["baseline"] == validations[0]["baseline"] for look in validations)
    assert validations[0]["baseline"]["name"] == "Kneser-Ney, order 5"
    assert 0 < validations[0]["baseline"]["loss"] < 5
    assert len({look["previews"][0]["answer"] for look in validations}) > 1
    steps = [data["steps"] for _, kind, data in entries if kind == "progress"]
    assert sum(steps) == 60


def test_who_was_cut_off_goes_on_where_it_was(watched):
    run = watched(*LANGUAGE, "--steps", "80")
    whole = run.hear("whole")
    text = run.follow(lambda text: text.count("\n\n") > 3)
    before = events_in(text[: text.rindex("\n\n") + 2])
    rest = run.hear("rest", headers={"Last-Event-ID": before[-1][0]})
    other = run.hear("other", headers={"Last-Event-ID": "0ther.7"})
    assert run.end()[0] == 0
    for thread in (whole, rest, other):
        thread.join(30)
    assert before + events_in(run.heard["rest"]) == events_in(run.heard["whole"])
    assert events_in(run.heard["other"]) == events_in(run.heard["whole"])


def test_the_same_model_with_and_without(watched, elman):
    """Also while somebody asks and takes nothing."""
    run = watched(*LANGUAGE, "--steps", "10")
    with socket.create_connection(("127.0.0.1", int(run.address.rpartition(":")[2]))) as lazy:
        lazy.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert run.end()[0] == 0
    done = elman("train", *LANGUAGE[:2], "alone.st", *LANGUAGE[3:], "--steps", "10")
    assert done.status == 0
    ours, theirs = (read(name) for name in ("new.st", "alone.st"))
    assert ours.keys() == theirs.keys()
    assert all((ours[name] == theirs[name]).all() for name in ours)


def read(name):
    from safetensors.numpy import load_file

    return load_file(name)


def test_only_this_machine_and_its_own_page_are_answered(watched):
    run = watched(*LANGUAGE, "--steps", "1500")

    def ask(path="/", method="GET", **headers):
        return httpx.request(method, f"{run.address}{path}", headers=headers, timeout=20)

    assert ask().status_code == 200
    assert "script-src 'self'" in ask().headers["content-security-policy"]
    assert ask(Host="elsewhere.example").status_code == 421
    assert ask("/events", Host="elsewhere.example").status_code == 421
    assert ask("/", "POST", Origin="http://elsewhere.example").status_code == 403
    assert ask("/../../etc/passwd").status_code == 404
    assert ask("/models").status_code == 404
    assert ask("/events", "POST").status_code == 405
    run.process.terminate()
    run.process.communicate(timeout=30)


def test_an_error_is_reported(watched, here):
    folder = here / "folder"
    folder.mkdir()
    run = watched("tale.txt", "-o", "folder/new.st", "--hidden-size", "16", "--steps", "20")
    heard = run.hear("it")
    shutil.rmtree(folder)
    status, _, err = run.end()
    heard.join(30)
    last = events_in(run.heard["it"])[-1]
    assert (status, last[1]) == (1, "ended")
    assert last[2]["error"] in err
    assert "folder" in last[2]["error"]


def test_an_early_end_is_reported(watched):
    run = watched(*LANGUAGE, "--steps", "100000")
    heard = run.hear("it")
    run.follow(lambda text: "event: validated" in text)  # it has begun
    run.process.send_signal(signal.SIGINT)
    status, _, err = run.end()
    heard.join(30)
    assert status == 130, err
    kinds = {kind: data for _, kind, data in events_in(run.heard["it"])}
    assert kinds["finished"]["interrupted"] is True
    assert "ended" in kinds


def test_without_the_extra_it_is_one_line(here, elman, monkeypatch):  # noqa: ARG001
    for name in [name for name in sys.modules if name.startswith("elman.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = elman("train", *LANGUAGE, "--steps", "2", "--watch")
    assert done.status == 1
    assert (
        done.err
        == "elman: --watch: it needs uvicorn, which is not installed. pip install 'elman[serve]'\n"
    )
