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
