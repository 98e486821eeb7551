"""Training: a generator of events over any lesson, with a budget and checkpoints."""

from elman.training.checkpoint import identity_of
from elman.training.events import Event, Finished, Progress, SteppedBack, Validated
from elman.training.examples import Examples, Sources, Vectors, answers
from elman.training.lesson import Lesson
from elman.training.lessons import (
    ClassLesson,
    NextWordLesson,
    TagLesson,
    best_tags,
    class_logits,
)
from elman.training.loop import train
from elman.training.phases import Phase, train_in_phases
from elman.training.plan import Plan
from elman.training.rewrite_lesson import RewriteLesson
from elman.training.showing import Answered, Baseline, Foretold, Sample, Show, TaggedWords
from elman.training.stream import Stream

__all__ = [
    "Answered",
    "Baseline",
    "ClassLesson",
    "Event",
    "Examples",
    "Finished",
    "Foretold",
    "Lesson",
    "NextWordLesson",
    "Phase",
    "Plan",
    "Progress",
    "RewriteLesson",
    "Sample",
    "Show",
    "Sources",
    "SteppedBack",
    "Stream",
    "TagLesson",
    "TaggedWords",
    "Validated",
    "Vectors",
    "answers",
    "best_tags",
    "class_logits",
    "identity_of",
    "train",
    "train_in_phases",
]
