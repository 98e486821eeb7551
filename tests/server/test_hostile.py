"""Hostile requests: none gets a 5xx, another client's state, or a file.

503 is allowed where the server is full, or cannot answer in time.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from server_process import wait_until

PREDICT = "/models/reviews/predict"
MILLION = "a" * 1_000_000

BODIES = {
    "too large": (b'{"texts": ["' + b"a" * 300_000 + b'"]}', 413),
    "nested": (b'{"texts": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 422),
    "an object in an object": (b'{"texts": ' + b'{"a":' * 9_000 + b"1" + b"}" * 9_001, 422),
    "not UTF-8": (b'{"texts": ["\xff\xfe"]}', 422),
    "half a pair": (rb'{"texts": ["\ud800"]}', 422),
    "no JSON": (b"texts=warm", 422),
    "empty": (b"", 422),
    "cut off": (b'{"texts": ["warm"', 422),
    "a number": (b'{"texts": 5}', 422),
    "a number as text": (b'{"texts": [5]}', 422),
    "null": (b'{"texts": null}', 422),
    "NaN": (b'{"texts": NaN}', 422),
    "none": (b'{"texts": []}', 422),
    "one too many": (json.dumps({"texts": ["a"] * 65}).encode(), 422),
    "another field": (b'{"texts": ["a"], "path": "/etc/passwd"}', 422),
    "a list": (b'["a"]', 422),
    "long": (json.dumps({"texts": ["a" * 10_001]}).encode(), 422),
}


@pytest.mark.parametrize("what", BODIES)
def test_an_invalid_body_is_refused(server, what):
    body, status = BODIES[what]
    answer = server.request("POST", PREDICT, content=body)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"location", "cause", "hint"}
    assert len(answer.content) < 1_000


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/models/tale/suggest", {"text": "a", "count": 1_000_000}, 422),
        ("/models/tale/suggest", {"text": "a", "count": 0}, 422),
        ("/models/tale/suggest", {"text": "a", "count": "3"}, 422),
        ("/models/tale/generate", {"length": 10**9}, 422),
        ("/models/tale/generate", {"temperature": -1}, 422),
        ("/models/tale/generate", {"top_p": 2}, 422),
        ("/models/tale/generate", {"seed": 2**64}, 422),
        ("/models/tale/generate", {"repetition_penalty": 1e400}, 422),
        ("/models/capitals/translate", {"texts": ["a"], "beam": 10**6}, 422),
        ("/models/capitals/translate", {"texts": ["a" * 3_000]}, 422),
        ("/models/winds/describe", {"vectors": [[1, 2]]}, 422),
        ("/models/winds/describe", {"vectors": [[1, 2, 3], [1, 2]]}, 422),
        ("/models/winds/describe", {"vectors": [[1e300, 0, 0]]}, 422),
        ("/models/sold/forecast", {"horizon": 10**6}, 422),
        ("/models/sold/forecast", {"history": [[1.0], [1.0, 2.0]]}, 422),
        ("/models/sold/forecast", {"history": [[1.0]]}, 422),
        ("/models/tags/tag", {"sentences": [["a"] * 1_001]}, 422),
        ("/models/lstm/sessions", {"exported": "?" * 1_000}, 422),
    ],
)
def test_values_out_of_range_are_refused(server, path, body, status):
    answer = server.request("POST", path, content=json.dumps(body))
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["cause"]


def test_numbers_that_are_not_finite_are_refused(server):
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        for path, body in (
            ("/models/winds/describe", f'{{"vectors": [[{number}, 0, 0]]}}'),
            ("/models/sold/forecast", f'{{"history": [[{number}]]}}'),
        ):
            assert server.request("POST", path, content=body).status_code == 422


def test_a_million_characters_are_refused_everywhere(server):
    for path, body in (
        (PREDICT, {"texts": [MILLION]}),
        ("/models/tale/suggest", {"text": MILLION}),
        ("/models/tale/generate", {"prompt": MILLION}),
        ("/models/capitals/translate", {"texts": [MILLION]}),
        ("/models/tags/tag", {"sentences": [[MILLION]]}),
    ):
        assert server.post(path, body).status_code == 413


def test_texts_of_all_lengths_do_not_grow_memory(server):
    """Nothing is compiled and cached for each shape of a matrix product."""

    def predict(lengths):
        for length in lengths:
            texts = ["ab " * length] * (1 + length % 7)
            assert server.post("/models/letters/predict", {"texts": texts}).status_code == 200
        return server.resident

    before = predict([1, 240, 120])
    assert predict(range(1, 241, 2)) - before < 16 * 2**20


def test_ten_thousand_characters_of_anything_are_answered(server):
    for text in ("a" * 10_000, " " * 10_000, "\0" * 10_000, "漢" * 10_000, "\n" * 10_000):
        for path, body in (
            (PREDICT, {"texts": [text]}),
            ("/models/letters/predict", {"texts": [text]}),
            ("/models/tale/suggest", {"text": text}),
            ("/models/tags/tag", {"sentences": [[text]]}),
        ):
            assert server.post(path, body).status_code in {200, 422}
        session = server.post("/models/tale/sessions", {}).json()["session"]
        path = f"/models/tale/sessions/{session}"
        assert server.post(f"{path}/step", {"text": text}).status_code == 200
        assert server.post(f"{path}/rewind", {"steps": 1}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/models/../../etc/passwd",
        "/models/..",
        "/models/%2e%2e/predict",
        "/models/tale/sessions/../../../x/export",
        "/static/../app.py",
        "/app.py",
        "/%00",
        "/models/" + "a" * 20_000,
    ],
)
def test_paths_lead_to_nothing_but_routes(server, path):
    # By hand: HTTP clients normalise paths.
    with server.connect() as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = client.recv(65_536)
    assert answer.split()[1] in {b"400", b"404", b"405"}
    assert b"root:" not in answer
    assert b"import" not in answer


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]", "0.0.0.0"])
def test_another_host_is_refused(server, host):
    answer = server.request("GET", "/models", headers={"Host": host})
    assert answer.status_code == 421
    assert b"tale" not in answer.content


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:1", "http://127.0.0.1", "file://", "é", ""],
)
def test_a_cross_origin_request_is_refused(server, origin):
    headers = {"Origin": origin.encode()}
    answer = server.request("POST", "/models/lstm/sessions", headers=headers, json={})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_a_request_of_its_own_page_is_answered(server):
    headers = {"Origin": server.address}
    answer = server.request("POST", "/models/lstm/sessions", headers=headers, json={})
    assert answer.status_code == 200


def test_every_response_has_the_security_headers(server):
    answers = [
        server.request("GET", "/health"),
        server.request("GET", "/nowhere"),
        server.request("PUT", "/models"),
        server.request("GET", "/models", headers={"Host": "evil.example"}),
        server.post(PREDICT, {}),
        server.request("POST", PREDICT, content=b"a" * 300_000),
        server.post("/models/tale/generate", {"length": 3}),
    ]
    statuses = [answer.status_code for answer in answers]
    assert statuses == [200, 404, 405, 421, 422, 413, 200]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


HEAD = "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n"


def raw_post(path, body):
    content = json.dumps(body)
    return (HEAD.format(path, len(content)) + content).encode()


def ends_within(client, seconds):
    """Whether the server closes the connection."""
    client.settimeout(seconds)
    try:
        while client.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


def test_slow_clients_are_disconnected_and_delay_nobody(server):
    whole = raw_post(PREDICT, {"texts": ["warm"]})
    slow = [server.connect() for _ in range(30)]
    started = time.monotonic()
    sent = 0
    while time.monotonic() - started < 11.5:
        for number, client in enumerate(slow):
            # A third send nothing, a third are slow with the head, a third with the body.
            part = (b"", whole[sent : sent + 1], whole if sent == 0 else b"")[number % 3]
            with contextlib.suppress(OSError):
                client.sendall(part[: -3 if number % 3 == 2 else None])
        sent += 1
        assert server.post(PREDICT, {"texts": ["so"]}).elapsed.total_seconds() < 5
        time.sleep(0.9)
    for client in slow:
        assert ends_within(client, 5.0)
        client.close()


def test_a_client_that_does_not_read_is_disconnected(server):
    """And the generation of its text ends."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect(("127.0.0.1", server.port))
    client.sendall(raw_post("/models/tale/generate", {"length": 10_000}) * 20)
    wait_until(lambda: generating(server) == 0, 40)
    client.close()


def generating(server):
    return server.metric("elman_active_generations")


def queued(server):
    return server.metric("elman_queued_requests")


def test_clients_that_disconnect_end_the_generation_of_their_texts(server):
    request = raw_post("/models/mail/generate", {"length": 10_000})
    clients = [server.connect() for _ in range(100)]
    for client in clients:
        client.sendall(request)
    wait_until(lambda: generating(server) > 50)
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    wait_until(lambda: generating(server) == 0)
    wait_until(lambda: queued(server) == 0)
    assert server.post(PREDICT, {"texts": ["warm"]}).status_code == 200


def test_clients_that_disconnect_leave_the_queue(server):
    request = raw_post(PREDICT, {"texts": ["warm and funny"] * 64})
    for _ in range(100):
        with server.connect() as client:
            client.sendall(request)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: queued(server) == 0)
    assert server.post(PREDICT, {"texts": ["warm"]}).status_code == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00" + b"\0" * 60, b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000, b"431"),
        (b"GET /" + b"a" * 70_000, b"431"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"POST /models/reviews/predict HTTP/1.1\r\nHost: localhost\r\n"
         b"Content-Length: 99999999999999999999999\r\n\r\n", b"4"),
        (b"POST /models/reviews/predict HTTP/1.1\r\nHost: localhost\r\n"
         b"Content-Length: -1\r\n\r\n", b"400"),
        (b"POST /models/reviews/predict HTTP/1.1\r\nHost: localhost\r\n"
         b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
         b"Connection: Upgrade\r\n\r\n", b"200"),
    ],
)  # fmt: skip
def test_malformed_http_is_refused(server, data, status):
    with server.connect() as client:
        client.sendall(data)
        answer = client.recv(65_536)
    assert answer.split()[1].startswith(status)


def test_an_endless_chunked_body_is_too_large(server):
    head = b"POST " + PREDICT.encode() + b" HTTP/1.1\r\nHost: localhost\r\n"
    piece = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    with server.connect() as client:
        client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(100):
                client.sendall(piece)
        except ConnectionError:
            pass
        assert client.recv(65_536).split()[1] == b"413"


def test_a_thousand_sessions_are_small(server):
    def create(_):
        session = server.post("/models/lstm/sessions", {}).json()["session"]
        return server.post(f"/models/lstm/sessions/{session}/step", {"text": "a"}).status_code

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(50)))  # what is allocated once is allocated
        before = server.resident
        assert set(pool.map(create, range(1_000))) == {200}
    assert server.resident - before < 16 * 2**20


def test_replacing_a_served_file_changes_nothing(serve, folder, tmp_path):
    path = tmp_path / "mine.safetensors"
    shutil.copy(folder / "reviews.safetensors", path)
    server = serve([path])
    body = {"texts": ["warm and funny"]}
    before = (
        server.post("/models/mine/predict", body).json(),
        server.request("GET", "/models").json(),
    )
    with path.open("r+b") as file:  # in its place, not beside it
        file.write((folder / "tale.safetensors").read_bytes())
        file.truncate()
    after = (
        server.post("/models/mine/predict", body).json(),
        server.request("GET", "/models").json(),
    )
    assert before == after
    path.unlink()
    assert server.post("/models/mine/predict", body).json() == before[0]
    assert server.stop() == (0, "")
