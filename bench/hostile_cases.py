"""Valid requests to small models of every task, and ways to spoil them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

SLOW_SECONDS = 1.0  # that a slow client takes

VALID: list[tuple[str, str, Any]] = [
    ("GET", "/health", None),
    ("GET", "/ready", None),
    ("GET", "/models", None),
    ("GET", "/models/classifier", None),
    ("POST", "/models/classifier/predict", {"texts": ["warm and funny", "cold"]}),
    ("POST", "/models/classifier/explain", {"text": "warm and funny"}),
    ("POST", "/models/tagger/tag", {"sentences": [["warm", "and", "funny"]]}),
    ("POST", "/models/translator/translate", {"texts": ["abab"], "count": 2}),
    ("POST", "/models/describer/describe", {"vectors": [[0, 1, 0]], "beam": 3}),
    ("POST", "/models/forecaster/forecast", {"horizon": 6}),
    ("POST", "/models/word/suggest", {"text": "warm a", "count": 3}),
    ("POST", "/models/subword/generate", {"prompt": "so", "length": 8, "seed": 1}),
    ("POST", "/models/character/generate", {"prompt": "so", "length": 8, "seed": 1}),
]

METHODS = ("get", "G\0T", "", "PATCH", "TRACE", "CONNECT", "PRI", "P" * 5_000, "GÄT", "POST POST")
TARGETS = (
    *("/../../etc/passwd", "/models/%2e%2e/%2e%2e/etc", "//evil.example/", "http://evil.example/"),
    *("*", "", "/%", "/%zz%00", "/\0", "/models/\xff\xfe", "/?" + "a=b&" * 9_000, "/" * 20_000),
    *("/models/classifier/predict#a", "/models/классы/predict", "/models/" + "%F0%9F%98%80" * 99),
)
VERSIONS = ("HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/11", "http/1.1", "", "HTTP/1.1 HTTP/1.1")
HEADERS = (
    *("Host: a\r\nHost: b", "Host", "Host:", "Host: evil.example", "Host: localhost:99999999"),
    *("X: a\r\n b", "X : a", ": a", "X\0: a", "X: a\0b", "X: \x7f\x80\xff", "\tX: a", "X: a\rY: b"),
    *("X: " + "a" * 40_000, "\r\n".join(f"X{each}: a" for each in range(4_000))),
    *("Origin: null", "Origin: http://[", "Origin: http://localhost\r\nOrigin: http://localhost"),
    *("Expect: 100-continue", "Expect: 200-ok", "Upgrade: websocket\r\nConnection: Upgrade"),
    *("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings", "Connection: close, keep-alive"),
    *("Content-Encoding: gzip", "Content-Type: text/xml", "Content-Type: ;;;", "Range: bytes=9-1"),
    *("Authorization: Bearer", "Authorization: a\r\nAuthorization: b", "Accept: */*;q=zz"),
)
LENGTHS = (
    *("-1", "+5", "0x10", "1e3", " ", "5, 5", "5\r\nContent-Length: 6", "99999999999999999999999"),
    *("4194305", "١٢", "5 5", "2147483648", "0"),
)
CHUNKS = (
    *(
        b"zz\r\n",
        b"-1\r\n",
        b"ffffffffffffffffff\r\n",
        b"5\r\nab\r\n",
        b"5\r\nabcdefgh\r\n0\r\n\r\n",
    ),
    *(b"1;" + b"e" * 9_000 + b"\r\na\r\n0\r\n\r\n", b"0\r\nX: a\r\nHost: b\r\n\r\n", b"\r\n\r\n"),
    *(b"1\na\n0\n\n", b"4000\r\n" + b"a" * 0x4000 + b"\r\n", b"0" * 5_000 + b"\r\n", b"5\r\n"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, 2**63, 2**64, 0.5, "", [], {}, [[]], [None], [1.5], {"a": {}}),
    *(
        "a" * 10_001,
        ["a"] * 65,
        [["a"] * 300] * 9,
        "\0",
        "\ud800",
        "\udfff\ud800",
        "e" + "\u0301" * 999,
    ),
    *("\u202eabc\u202c", "\ufeff\u200b\u200d", "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 50),
    *(
        "\uffff\ufffe",
        "ﷺ" * 500,
        "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "İıſß",
        "𝔞𝔟𝔠",
        "a\u2028b\u2029c",
    ),
)
JUNK: tuple[bytes, ...] = (
    *(
        b"\x16\x03\x01\x02\x00\x01\x00" + b"\0" * 60,
        b"\0" * 999,
        b"\r\n" * 999,
        b"\n",
        b" " * 9_999,
    ),
    *(
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-a\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"GET /health\r\n",
    ),
)


class Case:
    """What a client sends, and how.

    Attributes:
        parts: of bytes; a slow client pauses between them.
        pause: seconds between the parts.
        end: "open", "half" (it closes its side), "reset", or "leave" (it does not read).
    """

    def __init__(self, seed: str) -> None:
        self.draw = random.Random(seed)
        self.kind = self.draw.choice(list(KINDS))
        self.pause = 0.0
        self.end = self.draw.choice(("open", "open", "half"))
        self.parts = [KINDS[self.kind](self)]
        if self.kind == "slow":
            content = self.parts[0]
            cuts = sorted(self.draw.randrange(len(content) + 1) for _ in range(9))
            self.parts = [content[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
            self.pause = self.draw.uniform(0, SLOW_SECONDS / len(cuts))
        if self.kind == "leaving":
            self.end = self.draw.choice(("reset", "leave"))

    def request(
        self,
        *,
        method: str | None = None,
        target: str | None = None,
        version: str = "HTTP/1.1",
        headers: str | None = None,
        length: str | None = None,
        body: bytes | None = None,
    ) -> bytes:
        """A valid request but for what is given."""
        path_method, path, content = self.draw.choice(VALID)
        if body is not None and content is None:
            path_method, path, content = VALID[4]
        data = b"" if content is None else json.dumps(content).encode()
        data = data if body is None else body
        lines = [
            f"{path_method if method is None else method} {path if target is None else target}"
        ]
        lines[0] += f" {version}"
        if headers is None or "Host" not in headers:
            lines.append("Host: localhost")
        if headers is not None:
            lines.insert(self.draw.randint(1, len(lines)), headers)
        if data or length is not None:
            lines.append(f"Content-Length: {len(data) if length is None else length}")
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + data

    def body(self) -> tuple[str, bytes]:
        """The path and body of a request, a value of which is replaced."""
        _, path, content = self.draw.choice(VALID[4:])
        content = json.loads(json.dumps(content))
        key = self.draw.choice([*content, "another"])
        content[key] = self.draw.choice(VALUES)
        if isinstance(content[key], str) and self.draw.random() < 0.5:
            content[key] = [content[key]]
        return path, json.dumps(content).encode()

    def spoiled_bytes(self) -> bytes:
        content = bytearray(self.request())
        for _ in range(self.draw.randint(1, 4)):
            place = self.draw.randrange(len(content))
            action = self.draw.randrange(3)
            if action == 0:
                content[place] = self.draw.randrange(256)
            elif action == 1:
                content[place:place] = self.draw.randbytes(self.draw.randint(1, 9))
            else:
                del content[place : place + self.draw.randint(1, 9)]
            content = content or bytearray(b"\0")
        return bytes(content)

    def wrong_length(self) -> bytes:
        choice = self.draw.random()
        if choice < 0.5:
            return self.request(length=self.draw.choice(LENGTHS))
        content = self.request()
        head, _, body = content.partition(b"\r\n\r\n")
        off = len(body) + self.draw.choice((-9, -1, 1, 9, 1_000))
        head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % max(0, off), head)
        if choice < 0.6:
            head += b"\r\nTransfer-Encoding: chunked"
        return head + b"\r\n\r\n" + body

    def chunked(self) -> bytes:
        name = self.draw.choice(("chunked", "chunked", "chunked", "gzip, chunked", "Chunked", "x"))
        headers = f"Transfer-Encoding: {name}"
        _, path, content = self.draw.choice(VALID[4:])
        head = self.request(method="POST", target=path, headers=headers, body=b"")
        data = json.dumps(content).encode()
        whole = b"%x\r\n%b\r\n" % (len(data), data)
        return head + self.draw.choice((b"", whole)) + self.draw.choice(CHUNKS)

    def wrong_value(self) -> bytes:
        path, body = self.body()
        return self.request(method="POST", target=path, body=body)

    def wrong_json(self) -> bytes:
        path, body = self.body()
        action = self.draw.randrange(8)
        if action == 0:
            body = body[: self.draw.randrange(len(body))]
        elif action == 1:
            body = body.decode().encode(
                self.draw.choice(("utf-16", "utf-32", "utf-8-sig", "utf-7"))
            )
        elif action == 2:
            body = body.replace(b'"', self.draw.choice((b"'", b"", b'""', b"\xff", b'\\"')))
        elif action == 3:
            depth = self.draw.choice((10, 1_000, 60_000))
            body = b'{"texts": ' + b"[" * depth + b"]" * self.draw.choice((0, depth)) + b"}"
        elif action == 4:
            number = self.draw.choice((b"NaN", b"-Infinity", b"1e999", b"0" * 999, b"9" * 9_999))
            body = re.sub(rb'"[a-z ]*"|\d+', number, body, count=self.draw.randint(1, 2))
        return self.request(method="POST", target=path, body=body)

    def oversize(self) -> bytes:
        size = self.draw.choice((256 * 1024, 300_000, 4 * 2**20 + 9))
        body = b'{"texts": ["' + b"a" * size + b'"]}'
        return self.request(method="POST", target=self.draw.choice(VALID[4:])[1], body=body)

    def pipelined(self) -> bytes:
        kinds = [self.request, self.request, self.wrong_json, self.spoiled_bytes, self.wrong_length]
        return b"".join(self.draw.choice(kinds)() for _ in range(self.draw.randint(2, 20)))

    def sessions(self) -> bytes:
        """Paths of sessions and keyboards that are not there."""
        name = self.draw.choice(("character", "classifier", "tagger", "nothing"))
        kind = self.draw.choice(("sessions", "keyboards"))
        key = self.draw.choice(("a", "a" * 9_000, "..", "%00", "0" * 32, "'; drop table sessions"))
        action = self.draw.choice(("step", "rewind", "fork", "export", "write", "memory", "a"))
        method = self.draw.choice(("GET", "POST", "DELETE", "PUT"))
        _, body = self.body()
        target = f"/models/{name}/{kind}/{key}/{action}"
        return self.request(method=method, target=target, body=body)


KINDS: dict[str, Callable[[Case], bytes]] = {
    "bytes": Case.spoiled_bytes,
    "method": lambda case: case.request(method=case.draw.choice(METHODS)),
    "target": lambda case: case.request(target=case.draw.choice(TARGETS)),
    "version": lambda case: case.request(version=case.draw.choice(VERSIONS)),
    "header": lambda case: case.request(headers=case.draw.choice(HEADERS)),
    "length": Case.wrong_length,
    "chunks": Case.chunked,
    "JSON": Case.wrong_json,
    "value": Case.wrong_value,
    "size": Case.oversize,
    "pipeline": Case.pipelined,
    "session": Case.sessions,
    "junk": lambda case: case.draw.choice(JUNK) + case.draw.choice((b"", case.request())),
    "cut": lambda case: case.request()[: case.draw.randint(1, 60)],
    "slow": Case.request,
    "leaving": Case.request,
}
