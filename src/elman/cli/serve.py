"""elman serve: models over HTTP, by default for this machine only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from elman.console.terminal import say, working
from elman.errors import MissingFileError, SettingError

VARIABLE = "ELMAN_KEY"

Models = Annotated[
    list[Path],
    typer.Argument(metavar="MODEL...", readable=False, help="Files written by elman train."),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Accept requests for this host name too; repeatable."),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", readable=False, help=f"File with the API key (or set {VARIABLE})."
    ),
]


def serve(
    models: Models,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8000,
    sessions: Annotated[
        str | None,
        typer.Option(
            metavar="STORE",
            help="Where to store sessions: a file such as sessions.db, or redis://HOST:PORT.",
        ),
    ] = None,
    key_file: KeyFile = None,
    allow_host: AllowHost = None,
) -> None:
    """Serve models and a playground over HTTP until Ctrl-C."""
    key = _key(key_file)
    try:
        from elman.server.app import ServerConfig
        from elman.server.registry import load_models
        from elman.server.runner import listen, run_server
    except ModuleNotFoundError as error:
        raise SettingError(
            f"it needs {error.name}, which is not installed",
            location="serve",
            hint="pip install 'elman[serve]'",
        ) from error
    with working("reading the models"):
        loaded = load_models(models)
    listening = listen(host, port)
    named = f"[{host}]" if ":" in host else host
    config = ServerConfig(hosts=[named, *(allow_host or ())], key=key, sessions=sessions)
    address = f"http://{named}:{listening.getsockname()[1]}"
    names = ", ".join(each.name for each in loaded)
    run_server(loaded, config, listening, lambda: say(f"{names} at {address}"))


def _key(path: Path | None) -> str | None:
    """The API key from a file, or else from the environment; None if neither has one.

    Raises:
        MissingFileError: the file cannot be read.
        SettingError: the key is malformed.
    """
    if path is None:
        key = os.environ.get(VARIABLE)
        return key if key is None else _checked(key, VARIABLE)
    try:
        return _checked(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise MissingFileError(
            f"cannot be read as text ({error})", location=path, hint="Check --key-file."
        ) from error


def _checked(text: str, location: str) -> str:
    key = text.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise SettingError(
            "a key is one word of ASCII",
            location=location,
            hint="Create one: openssl rand -hex 16",
        )
    return key
