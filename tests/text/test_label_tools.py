"""Exports of label tools: one label a text, labelled spans, and what is left out."""

from __future__ import annotations

import csv
import json

import pytest

from elman.errors import InputError
from elman.tasks.infer_task import infer_task
from elman.text.files import TextSource
from elman.text.labelled import LabelledSource
from elman.text.tagged import TaggedSource

ROWS = [(f"text number {number}", ["good", "bad"][number % 2]) for number in range(12)]


def source_of(path, objects):
    if path.suffix == ".json":
        path.write_text(json.dumps(objects))
    else:
        path.write_text("".join(f"{json.dumps(each)}\n" for each in objects))
    return TextSource([path])


def labelled(source, **options):
    rows = [(row.text, row.label) for row in LabelledSource(source, **options).examples()]
    return rows, source.notes


def choice(*labels, cancelled=False):
    result = [{"type": "choices", "from_name": "mood", "value": {"choices": list(labels)}}]
    return {"id": 1, "result": result if labels else [], "was_cancelled": cancelled}


def studio(text, *annotations):
    return {"id": 1, "annotations": list(annotations), "data": {"text": text}, "meta": {}}


def test_label_studio(tmp_path):
    tasks = [studio(text, choice(label)) for text, label in ROWS]
    source = source_of(tmp_path / "a.json", tasks)
    assert labelled(source) == (ROWS, ["it is an export of Label Studio"])
    assert infer_task(source).task == "classify"
    tasks += [studio("a", choice("good", cancelled=True)), studio("b", choice()), studio("c")]
    tasks += [studio("d", choice("good"), choice("good"))]
    source = source_of(tmp_path / "a.json", tasks)
    rows, notes = labelled(source)
    assert rows == [*ROWS, ("d", "good")]
    assert "texts left out: 1 rejected or ignored, 2 without a label" in notes[0]


@pytest.mark.parametrize("annotations", [[choice("good", "bad")], [choice("good"), choice("bad")]])
def test_several_labels_are_bad_rows(tmp_path, annotations):
    tasks = [studio(text, choice(label)) for text, label in ROWS]
    source = source_of(tmp_path / "a.json", [*tasks, studio("d", *annotations)])
    with pytest.raises(InputError, match=r"several labels.*skip_bad_rows=True"):
        labelled(source)
    assert labelled(source, skip_bad_rows=True)[0] == ROWS


def test_the_short_export_of_label_studio(tmp_path):
    about = {"annotator": 1, "annotation_id": 2, "created_at": "2024", "lead_time": 1.5}
    objects = [{"id": 1, "text": text, "mood": label, **about} for text, label in ROWS]
    assert labelled(source_of(tmp_path / "a.json", objects))[0] == ROWS
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, objects[0].keys())
        writer.writeheader()
        writer.writerows(objects)
    assert labelled(TextSource([path]))[0] == ROWS
    assert infer_task(TextSource([path])).task == "classify"
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, objects[0].keys())
        writer.writerow({**objects[0], "mood": '{"choices":["good","bad"]}'})
    with pytest.raises(InputError, match=r"a.csv:14: several labels"):
        labelled(TextSource([path]))


@pytest.mark.parametrize("name", ["label", "labels"])
def test_doccano(tmp_path, name):
    objects = [{"id": 1, "text": text, name: [label], "Comments": []} for text, label in ROWS]
    source = source_of(tmp_path / "a.jsonl", [*objects, {"id": 1, "text": "x", name: []}])
    rows, notes = labelled(source)
    assert rows == ROWS
    assert notes == ["it is an export of doccano; texts left out: 1 without a label"]
    assert infer_task(source).task == "classify"
    source = source_of(tmp_path / "a.jsonl", [*objects, {"text": "x", name: ["a", "b"]}])
    with pytest.raises(InputError, match=r"a.jsonl:13: several labels"):
        labelled(source)


def test_prodigy(tmp_path):
    accepted = [{"text": text, "label": label, "answer": "accept"} for text, label in ROWS]
    others = [{"text": "x", "label": "good", "answer": each} for each in ("reject", "ignore")]
    rows, notes = labelled(source_of(tmp_path / "a.jsonl", [*others, *accepted]))
    assert rows == ROWS
    assert notes == ["it is an export of Prodigy; texts left out: 2 rejected or ignored"]
    options = [{"id": "good", "text": "Good"}, {"id": "bad", "text": "Bad"}]
    chosen = [
        {"text": text, "options": options, "accept": [label], "answer": "accept"}
        for text, label in ROWS
    ]
    none = {"text": "x", "options": options, "accept": [], "answer": "accept"}
    rows, notes = labelled(source_of(tmp_path / "a.jsonl", [*chosen, none]))
    assert rows == ROWS
    assert "1 without a label" in notes[0]


TEXT = "Ann Lee met Bob."
SPANS = [(0, 7, "PER"), (12, 15, "PER")]
TAGS = ("B-PER", "I-PER", "O", "B-PER", "O")


def of_spans(tool):
    if tool == "doccano":
        return {"text": TEXT, "label": [list(span) for span in SPANS]}
    spans = [{"start": start, "end": end, "label": label} for start, end, label in SPANS]
    if tool == "prodigy":
        return {"text": TEXT, "spans": spans, "answer": "accept", "_input_hash": 1}
    values = [{**span, "labels": [span["label"]]} for span in spans]
    results = [{"type": "labels", "value": value} for value in values]
    return studio(TEXT, {"result": results})


@pytest.mark.parametrize("tool", ["doccano", "prodigy", "studio"])
def test_labelled_spans_are_tags(tmp_path, tool):
    source = source_of(tmp_path / "a.jsonl", [of_spans(tool)] * 4)
    assert infer_task(source).task == "tag"
    sentences = list(TaggedSource(source).sentences())
    assert [sentence.tags for sentence in sentences] == [TAGS] * 4
    assert sentences[0].words == ("Ann", "Lee", "met", "Bob", ".")


def test_spans_that_cannot_be_tags_are_bad_rows(tmp_path):
    for spans, cause in [
        ([[0, 7, "PER"], [4, 9, "LOC"]], "the spans 'PER' and 'LOC' overlap"),
        ([[0, 70, "PER"]], "a span is outside of the text"),
        ([[0, "x", "PER"]], "is not a span"),
    ]:
        objects = [of_spans("doccano"), {"text": TEXT, "label": spans}]
        source = source_of(tmp_path / "a.jsonl", objects)
        with pytest.raises(InputError, match=f"a.jsonl:2: .*{cause}"):
            list(TaggedSource(source).sentences())


def test_other_json_is_left_as_it_is(tmp_path):
    objects = [{"text": text, "label": label, "tags": ["a"]} for text, label in ROWS]
    source = source_of(tmp_path / "a.jsonl", objects)
    (document,) = source.documents()
    assert "".join(document.chunks()) == (tmp_path / "a.jsonl").read_text()
    assert labelled(source) == (ROWS, [])
