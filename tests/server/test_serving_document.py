"""What docs/serving.md says is run: its requests, its limits, its metrics, its deployment."""

from __future__ import annotations

import configparser
import dataclasses
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from elman.server.limits import Limits

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/serving.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"
FILES = {
    "reviews": "reviews",
    "tale": "tale",
    "entities": "tags",
    "translator": "capitals",
    "digits": "winds",
    "passengers": "sold",
}
CURL = 'set -eu -o pipefail; curl() { command curl -sS --fail-with-body "$@"; echo >&2; }\n'


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, flags=re.DOTALL)


@pytest.fixture
def models(folder, tmp_path):
    """Model files with the names of the document."""
    for name, source in FILES.items():
        shutil.copy(folder / f"{source}.safetensors", tmp_path / f"{name}.safetensors")
    return [tmp_path / f"{name}.safetensors" for name in FILES]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_endpoint_has_a_line_that_runs(serve, models, tmp_path):
    server = serve(models)
    script = CURL + "".join(blocks("sh")).replace(ADDRESS, server.address)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    described = server.request("GET", "/openapi.json").json()["paths"]
    titles = {each["summary"] for path in described.values() for each in path.values()}
    operations = {title.lower().replace(" ", "_") for title in titles}
    assert len(operations) > 20
    answered = r'elman_requests_total\{operation="(.*?)",status="200"\}'
    metrics = server.request("GET", "/metrics").text
    assert set(re.findall(answered, metrics)) >= operations
    for name in re.findall(r"\belman_[a-z_]+", "".join(blocks("promql"))):
        assert f"\n{name}" in metrics
    assert server.stop() == (0, "")


def test_the_limits_are_those_of_the_server():
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", DOCUMENT, flags=re.MULTILINE)
    found = {name: float(value.replace(",", "")) for name, value in rows}
    assert found == dataclasses.asdict(Limits())


def test_the_command_of_the_unit_serves(serve, models, tmp_path):
    assert tmp_path / "reviews.safetensors" in models
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string(blocks("ini")[0])
    words = shlex.split(unit["Service"]["ExecStart"])
    assert words[1] == "serve"
    (tmp_path / "key").write_text("secret")
    (tmp_path / "elman").mkdir()
    places = {"/srv/elman": tmp_path, "%d": tmp_path, "%S": tmp_path}
    for before, after in places.items():
        words = [word.replace(before, str(after)) for word in words]
    port = words.index("--port")
    server = serve(words[2:3], *words[3:port], *words[port + 2 :])
    assert server.request("GET", "/ready").status_code == 200
    assert server.request("GET", "/models").status_code == 401
    headers = {"Authorization": "Bearer secret", "Host": "models.example"}
    assert server.request("GET", "/models", headers=headers).status_code == 200
    assert (tmp_path / "elman" / "sessions.db").exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_the_unit_is_sound(tmp_path):
    # The program is not installed at its place, and a warning tells of each unknown setting.
    unit = blocks("ini")[0].replace("/opt/elman/bin/elman", "/bin/true")
    path = tmp_path / "elman.service"
    path.write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, "elman.service" in done.stderr) == (0, False), done.stderr


def docker_runs():
    program = shutil.which("docker")
    if program is None:
        return False
    return subprocess.run([program, "info"], capture_output=True, timeout=30).returncode == 0


def test_the_image_serves(models, tmp_path):
    if not docker_runs():
        pytest.skip("there is no docker that runs")
    file = tmp_path / "Dockerfile"
    file.write_text(blocks("dockerfile")[0])
    build = ["docker", "build", "--quiet", "--file", str(file), str(ROOT)]
    image = subprocess.run(build, check=True, capture_output=True, text=True).stdout.strip()
    ask = (
        "import json, sys, urllib.request as r; "
        "json.dump(json.load(r.urlopen('http://127.0.0.1:8000/models')), sys.stdout)"
    )
    run = ["docker", "run", "--detach", "--rm", "--volume", f"{models[0].parent}:/models:ro"]
    arguments = ["/models/reviews.safetensors", "--sessions", "/sessions/sessions.db"]
    container = subprocess.run(
        [*run, image, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()
    try:
        retry = (
            f"for n in $(seq 60); do python -c {shlex.quote(ask)} && exit; sleep 1; done; exit 1"
        )
        done = subprocess.run(
            ["docker", "exec", container, "sh", "-c", retry], capture_output=True, check=True
        )
        assert json.loads(done.stdout)["models"][0]["name"] == "reviews"
    finally:
        subprocess.run(["docker", "stop", container], check=True, capture_output=True)
