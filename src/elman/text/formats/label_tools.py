"""Exports of label tools as rows of a text and its label: Label Studio, doccano and Prodigy.

labelstud.io/guide/export, doccano.github.io/doccano, prodi.gy/docs/api-interfaces
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from elman.text.byte_decoding import cut_in_chunks
from elman.text.formats.row_file import json_line, reasons_in_words
from elman.text.json_array import begins_array, object_lines
from elman.text.json_document import array_alone, rows_within
from elman.text.json_rows import json_object
from elman.text.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


_SAMPLE = 100  # objects that show which tool wrote them
_REJECTED, _UNLABELLED = "rejected or ignored", "without a label"
ABOUT_ANNOTATIONS = frozenset(
    {"id", "annotation_id", "annotator", "created_at", "updated_at", "lead_time", "agreement"}
)
"""The columns that Label Studio adds to those of its texts and labels."""

_Row = dict[str, Any]


class LeftOut(NamedTuple):
    """Why a row is left out."""

    why: str


class Tool(NamedTuple):
    """A label tool.

    Attributes:
        name: its name.
        wrote: whether it wrote an object.
        convert: an object of its -> a row with a text, and a label or labelled spans.
    """

    name: str
    wrote: Callable[[_Row], bool]
    convert: Callable[[_Row], _Row | LeftOut]


def may_be_export(name: str) -> bool:
    """Whether a file, by its name, may be an export of a label tool: JSON, or standard input."""
    path = PurePath(name)
    path = path.with_suffix("") if path.suffix == ".gz" else path
    return path.suffix.lower() in (".json", ".jsonl", ".ndjson", "")


def converted(chunks: Iterator[str], size: int, notes: list[str]) -> Iterator[str]:
    """The text of a file; of an export of a label tool, a row a line; of a document with its rows
    in an array, that array.

    Texts without a label, and those that were rejected, are left out: their lines are blank.
    A text with several labels keeps a list of them, for the readers to refuse.

    Args:
        chunks: of the file.
        size: the largest chunk, in characters.
        notes: becomes what is left out.
    """
    first = next(chunks, "")
    within = rows_within(first)
    if within is not None:
        name, start = within
        notes[:] = [f"the rows are those in {name!r}"]
        yield from cut_in_chunks(array_alone(chain([first], chunks), start), size)
        return
    tool = _tool_of(first)
    if tool is None:
        yield first
        yield from chunks
        return
    yield from cut_in_chunks(_rows(tool, lines_of(chain([first], chunks)), notes), size)


def _tool_of(text: str) -> Tool | None:
    """The tool that wrote a file, by its first objects."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return None
    sample = list(islice(filter(None, map(json_object, _objects(lines_of([text])))), _SAMPLE))
    return next((tool for tool in _TOOLS if any(map(tool.wrote, sample))), None)


def _objects(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a file; of an array, an object in each."""
    lines = iter(lines)
    start: list[str] = []
    for line in lines:
        start.append(line)
        if line.strip():
            break
    everything = chain(start, lines)
    return object_lines(everything) if start and begins_array(start[-1]) else everything


def _rows(tool: Tool, lines: Iterable[str], notes: list[str]) -> Iterator[str]:
    notes[:] = [f"it is an export of {tool.name}"]
    left_out: Counter[str] = Counter()
    for line in _objects(lines):
        row = json_object(line)
        found = None if row is None else tool.convert(row)
        if isinstance(found, LeftOut):
            left_out[found.why] += 1
            yield "\n"
        else:
            yield f"{line.rstrip()}\n" if found is None else json_line(found)
    if left_out:
        notes[:] = [f"it is an export of {tool.name}; texts left out: {reasons_in_words(left_out)}"]


def _with(text: Any, labels: Iterable[Any], spans: list[_Row]) -> _Row | LeftOut:
    """A row; labels that recur count once."""
    labels = list(dict.fromkeys(each for each in labels if isinstance(each, str)))
    if not labels and not spans:
        return LeftOut(_UNLABELLED)
    row = {"text": text}
    if labels:
        row["label"] = labels[0] if len(labels) == 1 else labels
    return row | ({"spans": spans} if spans else {})


def _text_in(row: _Row) -> Any:
    """The text, by its usual name, or else the first that is one."""
    if isinstance(row.get("text"), str):
        return row["text"]
    texts = (value for key, value in row.items() if key not in ABOUT_ANNOTATIONS)
    return next((value for value in texts if isinstance(value, str)), None)


def _of_label_studio(row: _Row) -> bool:
    annotations = row.get("annotations", row.get("completions"))
    return isinstance(row.get("data"), dict) and isinstance(annotations, list)


def _from_label_studio(row: _Row) -> _Row | LeftOut:
    labels: list[Any] = []
    spans: list[_Row] = []
    annotations = row.get("annotations", row.get("completions"))
    given = [each for each in _list(annotations) if isinstance(each, dict)]
    kept = [each for each in given if not each.get("was_cancelled")]
    if given and not kept:
        return LeftOut(_REJECTED)
    for annotation in kept:
        results = [each for each in _list(annotation.get("result")) if isinstance(each, dict)]
        for value in (each.get("value") for each in results):
            if not isinstance(value, dict):
                continue
            labels += _list(value.get("choices"))
            spans += _span(value)
    data = row.get("data")
    return _with(_text_in(data) if isinstance(data, dict) else None, labels, _distinct(spans))


def _of_label_studio_min(row: _Row) -> bool:
    return {"annotation_id", "lead_time"} <= row.keys()


def _from_label_studio_min(row: _Row) -> _Row | LeftOut:
    """Its label is the value of the column that is neither the text nor about the annotation."""
    text = _text_in(row)
    labels: list[Any] = []
    spans: list[_Row] = []
    for key, value in row.items():
        if key in ABOUT_ANNOTATIONS or key == "text" or value == text:
            continue
        if isinstance(value, list):
            spans += [span for each in value if isinstance(each, dict) for span in _span(each)]
        elif isinstance(value, dict):
            labels += _list(value.get("choices"))
        else:
            labels.append(value)
    return _with(text, labels, spans)


def _of_doccano(row: _Row) -> bool:
    labels = row.get("label", row.get("labels"))
    if not isinstance(row.get("text", row.get("data")), str) or not isinstance(labels, list):
        return False
    others = (value for value in row.values() if isinstance(value, list) and value is not labels)
    is_tagged = any(len(other) == len(labels) for other in others)
    return bool(labels) and all(isinstance(each, str) for each in labels) and not is_tagged


def _from_doccano(row: _Row) -> _Row | LeftOut:
    text = row.get("text", row.get("data"))
    return _with(text, _list(row.get("label", row.get("labels"))), [])


def _of_prodigy(row: _Row) -> bool:
    return "_input_hash" in row or (
        row.get("answer") in ("accept", "reject", "ignore")
        and not {"label", "accept", "spans"}.isdisjoint(row)
    )


def _from_prodigy(row: _Row) -> _Row | LeftOut:
    if row.get("answer", "accept") != "accept":
        return LeftOut(_REJECTED)
    spans = [span for each in _list(row.get("spans")) for span in _span(each)]
    labels = _list(row.get("accept")) if "options" in row or "accept" in row else []
    return _with(row.get("text"), labels or [row.get("label")], spans)


def _span(value: Any) -> list[_Row]:
    """The labelled spans that an object describes: none, one, or one for each label."""
    if not isinstance(value, dict):
        return []
    start = value.get("start", value.get("start_offset"))
    end = value.get("end", value.get("end_offset"))
    labels = _list(value.get("labels")) or [value.get("label")]
    if not isinstance(start, int) or not isinstance(end, int):
        return []
    return [
        {"start": start, "end": end, "label": label} for label in labels if isinstance(label, str)
    ]


def _distinct(spans: list[_Row]) -> list[_Row]:
    """Spans on which several annotators agree count once."""
    return list({(each["start"], each["end"], each["label"]): each for each in spans}.values())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


_TOOLS = (
    Tool("Label Studio", _of_label_studio, _from_label_studio),
    Tool("Label Studio (JSON-MIN)", _of_label_studio_min, _from_label_studio_min),
    Tool("Prodigy", _of_prodigy, _from_prodigy),
    Tool("doccano", _of_doccano, _from_doccano),
)
