"""Training: a generator of events over any lesson, with a budget and checkpoints."""

from elman.training.events import Event, Finished, Progress, SteppedBack, Validated
from elman.training.lesson import Lesson
from elman.training.loop import train
from elman.training.plan import Plan
from elman.training.stream import Stream

__all__ = [
    "Event",
    "Finished",
    "Lesson",
    "Plan",
    "Progress",
    "SteppedBack",
    "Stream",
    "Validated",
    "train",
]
