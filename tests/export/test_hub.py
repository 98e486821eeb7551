"""Pushing and pulling, against a stand-in of the hub's API on loopback."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from elman.errors import ExportError, InputError, MissingFileError, ModelFileError
from elman.export import pull, push

hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
constants = pytest.importorskip("huggingface_hub.constants")

COMMIT = "c0" * 20


class Hub(BaseHTTPRequestHandler):
    """Repositories with one commit each, for whoever has the token."""

    address: str
    repositories: dict[str, dict[str, bytes]]
    private: dict[str, bool]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, content=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def json(self, value, status=200):
        self.answer(status, json.dumps(value).encode(), Content_Type="application/json")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Authorization") != "Bearer hf_stand_in":
            self.answer(401)
        elif self.path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            known = name in self.repositories
            self.repositories.setdefault(name, {})
            self.private[name] = asked.get("private") or asked.get("visibility") == "private"
            self.json({"url": f"{self.address}/{name}"}, 409 if known else 200)
        elif self.path == "/api/validate-yaml":
            self.json({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            modes = [
                {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files
            ]
            self.json({"files": modes})
        elif "/commit/" in self.path:
            name = "/".join(self.path.split("/")[3:5])
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    content = base64.b64decode(line["value"]["content"])
                    self.repositories[name][line["value"]["path"]] = content
            self.json({"commitUrl": f"{self.address}/{name}/commit/{COMMIT}", "commitOid": COMMIT})
        else:
            self.answer(404)

    def do_GET(self):
        parts = self.path.partition("?")[0].strip("/").split("/")
        content = None
        if len(parts) == 5 and parts[2] == "resolve":
            content = self.repositories.get("/".join(parts[:2]), {}).get(parts[4])
        if content is None:
            self.answer(404, X_Error_Code="RepoNotFound")
            return
        etag = hashlib.sha1(content).hexdigest()
        self.answer(200, content, ETag=f'"{etag}"', X_Repo_Commit=COMMIT)

    do_HEAD = do_GET  # noqa: N815


def at(monkeypatch, address):
    """Let the hub be at this address, and nothing be tried twice."""
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)


@pytest.fixture
def repositories(monkeypatch, tmp_path):
    """What the stand-in holds, by name and file."""
    Hub.repositories, Hub.private = {}, {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    Hub.address = address
    at(monkeypatch, address)
    monkeypatch.setattr(constants, "HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_TOKEN", "hf_stand_in")
    yield Hub.repositories
    hub.close_session()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def file(tmp_path, words):
    words.save(tmp_path / "words.st")
    return tmp_path / "words.st"


def test_there_and_back(repositories, file, tmp_path):
    address = push(file, "ada/tale")
    assert address == f"{Hub.address}/ada/tale/commit/{COMMIT}"
    assert repositories["ada/tale"].keys() == {"model.safetensors", "README.md"}
    assert not Hub.private["ada/tale"]
    model = pull("ada/tale", tmp_path / "back.st")
    assert model.task == "language"
    assert (tmp_path / "back.st").read_bytes() == file.read_bytes()
    push(file, "ada/tale")  # which is there by now


def test_a_repository_that_only_its_owner_sees(repositories, file):
    push(file, "ada/diary", private=True)
    assert "ada/diary" in repositories
    assert Hub.private["ada/diary"]


def test_the_card(repositories, file, words):
    push(file, "ada/tale")
    card = repositories["ada/tale"]["README.md"].decode()
    assert card.startswith("---\nlibrary_name: elman\npipeline_tag: text-generation\n")
    assert "# tale\n" in card
    assert "elman pull ada/tale -o model.safetensors" in card
    assert f"| parameters | {words.describe()['parameters']} |" in card
    assert "| training: steps | 100 |" in card


@pytest.mark.usefixtures("repositories")
def test_who_is_not_logged_in(file, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_of_someone_else")
    with pytest.raises(ExportError, match=r"ada/tale: the hub did not take it.*hf auth login"):
        push(file, "ada/tale")


@pytest.mark.usefixtures("repositories")
@pytest.mark.parametrize(
    "name", ["", "a/b/c", "..", "ada/..", "ada/tale?x", "https://hub/ada/tale"]
)
def test_what_is_no_name(file, tmp_path, name):
    with pytest.raises(ExportError, match="is not the name of a repository"):
        push(file, name)
    with pytest.raises(MissingFileError, match="is not the name of a repository"):
        pull(name, tmp_path / "back.st")


@pytest.mark.usefixtures("repositories")
def test_what_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match="ada/none: the hub did not give it") as caught:
        pull("ada/none", tmp_path / "back.st")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "back.st").exists()


def test_what_is_no_model_is_not_kept(repositories, tmp_path):
    repositories["ada/evil"] = {"model.safetensors": b"\x80\x04cos\nsystem\n"}
    (tmp_path / "back.st").write_bytes(b"what was there")
    with pytest.raises(ModelFileError, match="not a model file"):
        pull("ada/evil", tmp_path / "back.st")
    assert (tmp_path / "back.st").read_bytes() == b"what was there"


@pytest.mark.usefixtures("repositories")
def test_a_hub_that_is_not_there(file, tmp_path, monkeypatch):
    at(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(ExportError, match="can be reached"):
        push(file, "ada/tale")
    with pytest.raises(MissingFileError, match=r"refused.*can be reached"):
        pull("ada/tale", tmp_path / "back.st")


def test_a_package_that_is_missing(file, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(InputError, match=r"huggingface_hub is not installed.*elman\[hub\]"):
        push(file, "ada/tale")
