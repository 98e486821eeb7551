"""`elman serve`: its messages, and how it shuts down."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest
from server_process import events, wait_until

from elman.errors import ElmanError
from elman.server.registry import load_models


def refused(*arguments, code="", **environment):
    """The message of the command when it does not serve."""
    command = ["-c", f"{code}\nfrom elman.cli import main\nmain({['serve', *arguments]!r})"]
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_file_that_is_not_a_model_is_one_line(tmp_path):
    (tmp_path / "novel.txt").write_text("Once upon a time", encoding="utf-8")
    novel = str(tmp_path / "novel.txt")
    assert f"{novel}: it is not a model file" in refused(novel)
    with pytest.raises(ElmanError, match=r"nothing.st: cannot be read"):
        load_models([tmp_path / "nothing.st"])


def test_a_port_in_use_is_one_line(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        message = refused(str(folder / "lstm.safetensors"), "--port", port)
    assert f"--port: cannot serve at 127.0.0.1:{port}" in message


def test_a_missing_package_is_one_line_with_what_to_install(folder):
    code = "import sys\nsys.modules['fastapi'] = None"
    message = refused(str(folder / "lstm.safetensors"), code=code)
    assert "pip install 'elman[serve]'" in message


def test_an_invalid_key_is_one_line(folder, tmp_path):
    (tmp_path / "key").write_text(" \n", encoding="utf-8")
    model = str(folder / "lstm.safetensors")
    assert "a key is one word" in refused(model, "--key-file", str(tmp_path / "key"))
    assert "a key is one word" in refused(model, ELMAN_KEY="two words")


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom elman.cli import main\n"
        "try:\n    main(['serve', '--help'])\nexcept SystemExit:\n    pass\n"
        "assert not {'torch', 'fastapi', 'uvicorn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_running_requests_and_refuses_new_ones(serve, folder, number):
    server = serve([folder / "mail.safetensors"])
    written = []

    def generate():
        body = {"length": 3_000, "seed": 1}
        written.append(httpx.post(f"{server.address}/models/mail/generate", json=body).text)

    generating = threading.Thread(target=generate)
    generating.start()
    wait_until(lambda: written or server.metric("elman_active_generations") == 1)
    server.process.send_signal(number)
    generating.join(30)
    assert events(written[0])[-1] == ("end", {})
    _, stderr = server.process.communicate(timeout=30)
    assert (server.process.returncode, stderr) == (0, b"")
    with pytest.raises(OSError, match="refused"):
        server.connect()


def test_requests_need_the_key(serve, folder, tmp_path):
    (tmp_path / "key").write_text("secret\n", encoding="utf-8")
    names = ("--allow-host", "models.example")
    server = serve([folder / "lstm.safetensors"], "--key-file", str(tmp_path / "key"), *names)
    assert server.request("GET", "/models").status_code == 401
    assert server.request("GET", "/health").status_code == 200
    for given in ("Bearer wrong", "secret", "bearer secret", "Bearer secret\xe9", ""):
        headers = {"Authorization": given.encode("latin-1")}
        assert server.request("GET", "/models", headers=headers).status_code == 401
    headers = {"Authorization": "Bearer secret", "Host": "models.example"}
    assert server.request("GET", "/models", headers=headers).status_code == 200


def test_the_options_host_and_sessions(serve, folder, tmp_path):
    database = str(tmp_path / "sessions.db")
    server = serve([folder / "lstm.safetensors"], "--host", "127.0.0.2", "--sessions", database)
    assert server.address.startswith("http://127.0.0.2:")
    assert server.request("GET", "/ready").status_code == 200
    assert (tmp_path / "sessions.db").exists()


def test_names_need_no_escaping_and_are_unique(folder, tmp_path):
    names = ["a b", "a b", "..", "é", "x" * 90, "x.y"]
    paths = []
    for number, name in enumerate(names):
        (tmp_path / str(number)).mkdir()
        paths.append(tmp_path / str(number) / f"{name}.safetensors")
        paths[-1].write_bytes((folder / "lstm.safetensors").read_bytes())
    result = [each.name for each in load_models(paths)]
    assert result == ["a-b", "a-b-2", "model", "model-2", "x" * 60, "x.y"]


def test_a_model_that_cannot_be_copied_is_one_line(folder):
    """The copy does not fit the disk."""
    model = str(folder / "lstm.safetensors")
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))"
    line = refused(model, code=code)
    assert f"{model}: cannot be copied to " in line
    assert "(File too large). Set TMPDIR to a folder with room." in line
