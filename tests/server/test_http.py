"""HTTP/1.1 itself: HEAD, pipelined requests, headers that may occur once, the length of a head.

Source: RFC 9110 (HTTP semantics) and RFC 9112 (HTTP/1.1).
"""

from __future__ import annotations

import pytest

PATHS = ["/health", "/ready", "/metrics", "/models", "/openapi.json", "/", "/models/reviews"]


def head_of(method, path, *more):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *more, "", ""]).encode()


def read_response(stream, method):
    """The status, the headers and the body of the next response; a HEAD has no body."""
    status = int(stream.readline().split()[1])
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode().partition(": ")
        headers[name] = value
    body = b"" if method == "HEAD" else stream.read(int(headers["content-length"]))
    return status, headers, body


@pytest.mark.parametrize("path", [*PATHS, "/nowhere"])
def test_head_is_answered_as_get_without_the_body_on_an_open_connection(server, path):
    with server.connect() as client, client.makefile("rb") as stream:
        answers = []
        for method in ("HEAD", "GET", "HEAD"):
            client.sendall(head_of(method, path))
            answers.append(read_response(stream, method))
    (status, headers, _), (expected, whole, body), again = answers
    assert status == again[0] == expected
    assert headers.keys() == whole.keys() == again[1].keys()
    assert len(body) == int(whole["content-length"]) > 0
    if path != "/metrics":  # it counts the requests in between
        assert headers == whole == again[1]


def test_pipelined_requests_behind_a_head_stay_in_step(server):
    methods = ["HEAD", "GET", "HEAD", "HEAD", "GET"]
    with server.connect() as client, client.makefile("rb") as stream:
        client.sendall(b"".join(head_of(each, "/health") for each in methods))
        answers = [read_response(stream, each) for each in methods]
    assert {status for status, _, _ in answers} == {200}
    assert [body for _, _, body in answers if body] == [b'{"status":"ok"}'] * 2


def test_head_of_a_route_for_post_names_the_method(server):
    with server.connect() as client, client.makefile("rb") as stream:
        client.sendall(head_of("HEAD", "/models/reviews/predict"))
        status, headers, _ = read_response(stream, "HEAD")
    assert (status, headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/health", "/"])
def test_the_methods_of_a_route_for_get_are_get_and_head(server, path):
    assert server.post(path, {}).headers["allow"] == "GET, HEAD"


LONG = [  # each fits one segment of the loopback, so it arrives in one block
    [f"X: {'a' * 40_000}"],
    [f"X-{number}: {'a' * 700}" for number in range(55)],
    [f"{'x' * 700}-{number}: a" for number in range(55)],
]


@pytest.mark.parametrize("headers", LONG, ids=["one", "many", "long names"])
@pytest.mark.parametrize("before", [0, 2])
def test_a_head_that_arrives_whole_has_the_same_limit(server, headers, before):
    with server.connect() as client, client.makefile("rb") as stream:
        for _ in range(before):
            client.sendall(head_of("GET", "/health"))
            assert read_response(stream, "GET")[0] == 200
        client.sendall(head_of("GET", "/health", *headers))
        assert read_response(stream, "GET")[0] == 431
        assert stream.read() == b""  # the connection is closed


def test_many_requests_in_one_block_are_no_long_head(server):
    count = 200
    head = head_of("GET", "/health", f"X: {'a' * 700}")
    with server.connect() as client, client.makefile("rb") as stream:
        client.sendall(head * count)
        assert {read_response(stream, "GET")[0] for _ in range(count)} == {200}


def test_a_head_just_within_the_limit_is_answered(server):
    with server.connect() as client, client.makefile("rb") as stream:
        client.sendall(head_of("GET", "/health", f"X: {'a' * 32_000}"))
        assert read_response(stream, "GET")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        ["Host: localhost"],
        ["Host: evil.example"],
        ["Origin: {}", "Origin: https://evil.example"],
        ["Origin: https://evil.example", "Origin: {}"],
        ["Authorization: Bearer a", "Authorization: Bearer b"],
    ],
)
def test_a_header_that_may_occur_once_is_refused_twice(server, headers):
    lines = [each.format("http://localhost") for each in headers]
    with server.connect() as client, client.makefile("rb") as stream:
        client.sendall(head_of("POST", "/models/lstm/sessions", "Content-Length: 0", *lines))
        status, _, body = read_response(stream, "POST")
    assert status == 400
    assert headers[0].partition(":")[0].encode() in body
