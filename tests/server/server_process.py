"""A server as a process of its own, and helpers that read its responses."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from pathlib import Path

import httpx

from commands import Process

TEXTS = ["warm and funny", "cold and dull", "so warm", "so dull"] * 6
LABELS = ["good", "bad", "good", "bad"] * 6


class Server:
    """`elman serve` as a process of its own."""

    def __init__(self, files, *options, **environment):
        self.process = Process("serve", *map(str, files), "--port", "0", *options, **environment)
        line = self.process.stderr.readline().decode()
        if " at http://" not in line:
            raise AssertionError(line + self.process.communicate()[1].decode())
        self.address = line.split(" at ")[1].strip()
        self.port = int(self.address.rpartition(":")[2])
        self.client = httpx.Client(base_url=self.address, timeout=30)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def request(self, method, path, **settings):
        return self.client.request(method, path, **settings)

    def post(self, path, body):
        return self.request("POST", path, json=body)

    def metric(self, name):
        """The sum of a metric over all models."""
        lines = self.request("GET", "/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"{name}{{"))

    @property
    def resident(self):
        """Bytes of memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        """Shut it down; its exit status, and what it wrote on stderr."""
        self.client.close()
        self.process.terminate()
        _, stderr = self.process.communicate(timeout=60)
        return self.process.returncode, stderr.decode()

    def close(self):
        self.client.close()
        self.process.close()


def events(text):
    """The server-sent events in a text: (kind, data)."""
    result = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if fields:
            result.append((fields.get("event", "message"), json.loads(fields["data"])))
    return result


def wait_until(condition, seconds=20.0):
    """Wait until a condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


async def answer_when_there_is_room(client, path, seconds=20.0):
    """The response of a route that creates something, once it is not 503."""
    until = time.monotonic() + seconds
    while (answer := await client.post(path, json={})).status_code == 503:
        assert time.monotonic() < until
        await asyncio.sleep(0.1)
    return answer
