"""Models on the Hugging Face hub: a model's file and a card that says what it is, nothing else.

What comes from there is believed no more than any other file: it is checked before it is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elman.bundle import check_writable, write_whole
from elman.errors import ElmanError, ExportError, MissingFileError
from elman.extras import require
from elman.tasks.estimator import Model
from elman.tasks.loading import load

MODEL = "model.safetensors"
CARD = "README.md"


def push(path: str | os.PathLike[str], repository: str, *, private: bool = False) -> str:
    """Bring a model's file and its card to the hub, as one commit.

    Args:
        repository: as the hub has it, NAME/MODEL; it is made where there is none.
        private: seen by its owner only, where it is made.

    Returns:
        The commit's address.

    Raises:
        InputError: where huggingface_hub is not installed.
        MissingFileError, ModelFileError: as `elman.load` has them.
        ExportError: where the hub does not take it.
    """
    hub = require("huggingface_hub", "hub")
    model = load(path)
    files = {MODEL: Path(path), CARD: card(model, repository).encode()}
    with _in_one_line(repository, ExportError, "the hub did not take it"):
        api = hub.HfApi()
        api.create_repo(repository, private=private or None, exist_ok=True)
        added = [
            hub.CommitOperationAdd(path_in_repo=name, path_or_fileobj=content)
            for name, content in files.items()
        ]
        commit = api.create_commit(repository, added, commit_message="A model, and its card")
    return str(commit.commit_url)


def pull(repository: str, file: str | os.PathLike[str]) -> Model:
    """Fetch a model's file from the hub; it is kept once it has been found sound.

    Args:
        repository: as the hub has it, NAME/MODEL.
        file: where to write it.

    Raises:
        InputError: where huggingface_hub is not installed.
        MissingFileError: where the hub does not give it.
        ModelFileError: it is not a valid model of Elman.
        OutputError: where it cannot be written; what was there before stays.
    """
    hub = require("huggingface_hub", "hub")
    check_writable(file)
    with tempfile.TemporaryDirectory() as folder:
        with _in_one_line(repository, MissingFileError, "the hub did not give it"):
            fetched = hub.HfApi().hf_hub_download(repository, MODEL, local_dir=folder)
        model = load(fetched)
        write_whole(Path(file), Path(fetched).read_bytes())
    return model


def card(model: Model, repository: str) -> str:
    """A page in Markdown: what the model is, how it was trained, how to use it."""
    described = model.describe()
    training = described.pop("training")
    tags = json.dumps(["elman", "recurrent-neural-network"])
    rows = [*_rows(described), *_rows({"training": training})]
    tag = model.pipeline_tag
    pipeline = "" if tag is None else f"pipeline_tag: {tag}\n"
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"""---
library_name: elman
{pipeline}tags: {tags}
---

# {repository.rpartition("/")[2]}

A recurrent network, in one safe file: weights and plain data, nothing of which is executed.

```sh
pip install 'elman[hub]'
elman pull {repository} -o {MODEL}
elman info {MODEL}
```

| what | |
|---|---|
{table}
"""


def _rows(described: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """What is described as rows of a table; what would not fit into one is left out."""
    for name, value in described.items():
        said = f"{before}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from _rows(value, f"{said}: ")
        elif value is not None:
            text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            yield said, textwrap.shorten(text, 200, placeholder=" ...").replace("|", "\\|")


@contextlib.contextmanager
def _in_one_line(location: str, kind: type[ElmanError], cause: str) -> Iterator[None]:
    """What goes wrong with the hub, as an error for people; its own bars stay away."""
    require("huggingface_hub.utils", "hub").disable_progress_bars()
    errors = require("huggingface_hub.errors", "hub")
    try:
        yield
    except errors.HFValidationError as error:
        raise kind(
            f"{location!r} is not the name of a repository",
            location="hub",
            hint="It is: NAME/MODEL",
        ) from error
    except (errors.HTTPError, OSError, ValueError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        said = str(error.__cause__ or error).partition("\n")[0]
        first = textwrap.shorten(said, 160, placeholder=" ...")
        hint = "See whether the hub can be reached, and try again."
        if status in (401, 403) or isinstance(error, errors.LocalTokenNotFoundError):
            hint = "Log in to it: hf auth login"
        elif status == 404:
            hint = "Look for the name there; log in (hf auth login) to see what is private."
        raise kind(f"{cause} ({first.rstrip('.')})", location=location, hint=hint) from error
