"""From a network's outlook to text: sampling, and the words a keyboard would offer."""

from elman.decoding.prompts import parted
from elman.decoding.reading import Outlook, read
from elman.decoding.sampling import Sampling
from elman.decoding.suggester import WORDS, Place, Suggester, finder_for
from elman.decoding.suggesting import NOTHING_TAUGHT, Speller, Suggestion, Taught
from elman.decoding.writing import write

__all__ = [
    "NOTHING_TAUGHT",
    "WORDS",
    "Outlook",
    "Place",
    "Sampling",
    "Speller",
    "Suggester",
    "Suggestion",
    "Taught",
    "finder_for",
    "parted",
    "read",
    "write",
]
