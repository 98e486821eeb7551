"""A server as a process of its own, and what its tests read its answers with."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

TEXTS = ["warm and funny", "cold and dull", "so warm", "so dull"] * 6
LABELS = ["good", "bad", "good", "bad"] * 6


class Server:
    """`elman serve` as a process of its own."""

    def __init__(self, files, *options, **environment):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "elman", "serve", *map(str, files), "--port", "0", *options],
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        line = self.process.stderr.readline().decode()
        if " at http://" not in line:
            rest = self.process.communicate()[1].decode()
            raise AssertionError(line + rest)
        self.address = line.split(" at ")[1].strip()
        self.port = int(self.address.rpartition(":")[2])
        self.client = httpx.Client(base_url=self.address, timeout=30)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def ask(self, method, path, **settings):
        return self.client.request(method, path, **settings)

    def post(self, path, asked):
        return self.ask("POST", path, json=asked)

    @property
    def resident(self):
        """Bytes of memory that it has."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        """Let it end in order; its status, and what it said."""
        self.client.close()
        self.process.terminate()
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said.decode()

    def close(self):
        self.client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()


def events(text):
    """The server-sent events in a text: (kind, data)."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if fields:
            found.append((fields.get("event", "message"), json.loads(fields["data"])))
    return found


def soon(true, seconds=20.0):
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)
