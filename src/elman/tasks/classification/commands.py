"""Texts with a label each: the baseline is TF-IDF with logistic regression, and the majority."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from elman.console.terminal import say
from elman.tasks.classification.task import TASK
from elman.tasks.commands import (
    SCORING,
    CommandWords,
    TaskCommands,
    check_same,
    no_baseline,
    report_skipped,
    unseen_in,
)
from elman.tasks.options import reader_options

if TYPE_CHECKING:
    from elman.console.terminal import ReadingProgress
    from elman.console.traces import TraceTable
    from elman.metrics.classification import ClassPredictions
    from elman.metrics.report import Evaluation
    from elman.tasks.classification.baseline import TextBaseline
    from elman.tasks.classification.model import Classifier
    from elman.tasks.data_files import DataFiles
    from elman.tasks.task import Task
    from elman.text.files import TextSource
    from elman.text.labelled import LabelledSource
    from elman.training.events import Event


LabelledRows = tuple[list[str], list[Any]]
"""Texts, and their labels."""


class ClassTestSet(NamedTuple):
    """The test set of a classifier."""

    texts: list[str]
    labels: list[Any]
    out_of_scope: list[str]  # texts of no class


class ClassificationCommands(TaskCommands):
    """See `TaskCommands`."""

    model: Classifier

    task: ClassVar[Task] = TASK
    words: ClassVar[CommandWords] = CommandWords("How a text is judged", predicts="texts")

    @classmethod
    def open(cls, source: TextSource, files: DataFiles) -> LabelledSource:
        from elman.text.labelled import LabelledSource

        columns = reader_options(files.options, "text-column", "label-column")
        return LabelledSource(source, **columns)

    def training(
        self, reading: ReadingProgress, checkpoint: Path | None, stop: Callable[[], bool]
    ) -> Iterator[Event]:
        from elman.data.cache import Cache
        from elman.text.labelled import check_classes

        files = self.files
        source = self.open(files.data, files)
        texts, labels = _read(source, reading)
        check_classes(set(labels), files.data.name)
        valid: LabelledRows | None = None
        if files.valid is not None:
            valid = _read(self.open(files.valid, files), reading)
            both = len(set(texts) & set(valid[0]))
            if both:
                say(f"{both:,} texts are in both the training and the validation data.")
        events = self.model.training(
            texts,
            labels,
            valid=valid,
            unlabelled=_read_unlabelled(files, "unlabelled", reading),
            out_of_scope=_read_unlabelled(files, "out-of-scope", reading),
            cache=Cache(),
            checkpoint=checkpoint,
            progress=reading,
            stop=stop,
            scoring=SCORING,
        )
        yield from self.recorded(events, source)

    def read_as(self, source: LabelledSource) -> dict[str, Any]:
        if source.one_text_per_file:
            return {"one_text_per_file": True}
        layout = source.read_layout
        if layout is None or layout.text is None or not layout.has_header:
            return {}
        return {"text_column": layout.text, "label_column": layout.label}

    def report(self) -> Evaluation:
        report = super().report()
        if "out-of-scope" not in self.files.options:
            return report
        threshold = self.model.calibration_.rejection
        warning = (
            f"Below a probability of {threshold:.2f}, reject as 'none of these': "
            "elman predict --reject-below fitted"
        )
        return replace(report, warnings=(*report.warnings, warning))

    def read(self, train: TextSource | None, reading: ReadingProgress) -> ClassTestSet:
        from elman.data.cache import Cache
        from elman.text.labelled import LabelledSource

        files = self.files
        columns = reader_options(files.options, "text-column", "label-column")
        columns["usual_text"] = self.model.record_.get("text_column")
        columns["usual_label"] = self.model.record_.get("label_column")
        texts, labels = _read(LabelledSource(files.data, **columns), reading)
        if train is not None:
            rows = _read(LabelledSource(train, **columns), reading)
            check_same(self.model.keep_training(*rows, cache=Cache()), train.name)
        return ClassTestSet(texts, labels, _read_unlabelled(files, "out-of-scope", reading))

    def held_out(self) -> ClassTestSet:
        texts, labels = super().held_out()
        return ClassTestSet(texts, labels, out_of_scope=[])

    def fit_baseline(self, data: LabelledRows) -> TextBaseline:
        from elman.tasks.classification.baseline import TextBaseline

        texts, labels = data
        return TextBaseline().fit(texts, [str(label) for label in labels])

    def evaluated(self, data: ClassTestSet, baseline: TextBaseline | None) -> Evaluation:
        from elman.metrics.classification import ClassPredictions, area_under_roc
        from elman.tasks.classification.evaluation import evaluate_classes, shuffle_test

        gold, names = [str(each) for each in data.labels], self._names
        parts = {
            part: ClassPredictions(names, probabilities)
            for part, probabilities in self.model.predict_proba_by_parts(data.texts).items()
        }
        answers = parts.pop("both")
        warnings = (*no_baseline(baseline), *unseen_in(gold, names, "text", "label"))
        report = evaluate_classes(data.texts, gold, answers, baseline, warnings, parts)
        if data.out_of_scope:
            report.scores["roc_auc_out_of_scope"] = area_under_roc(
                answers.confidences, self._answers(data.out_of_scope).confidences
            )
        if "shuffle-words" in self.files.options:
            reordered = self._answers(shuffled_words(data.texts)).labels
            report.details["order"] = shuffle_test(gold, answers.labels, reordered)
        return report

    def _answers(self, texts: Sequence[str]) -> ClassPredictions:
        from elman.metrics.classification import ClassPredictions

        return ClassPredictions(self._names, self.model.predict_proba(texts))

    @property
    def _names(self) -> list[str]:
        return [str(label) for label in self.model.classes_.tolist()]

    @classmethod
    def trace_table(cls) -> TraceTable:
        from elman.console.traces import TraceTable

        return TraceTable(shaded=True)


def shuffled_words(texts: Sequence[str], seed: int = 0) -> list[str]:
    """Texts with their words in random order."""
    draw = random.Random(seed)
    shuffled = []
    for text in texts:
        words = text.split()
        draw.shuffle(words)
        shuffled.append(" ".join(words))
    return shuffled


def _read(labelled: LabelledSource, reading: ReadingProgress) -> LabelledRows:
    from elman.text.progress import progress_counter

    read = progress_counter(reading, f"reading {labelled.name}", labelled.size)
    found = list(labelled.examples(read))
    report_skipped(labelled.skipped, labelled.name)
    return [each.text for each in found], [each.label for each in found]


def _read_unlabelled(files: DataFiles, option: str, reading: ReadingProgress) -> list[str]:
    """One text a line, or a table's column of texts."""
    from elman.text.labelled import LabelledSource

    paths = files.options.get(option)
    if not paths:
        return []
    source = LabelledSource(
        files.open(paths), labels_needed=False, **reader_options(files.options, "text-column")
    )
    return _read(source, reading)[0]


COMMANDS = ClassificationCommands
