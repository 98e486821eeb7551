"""From a network's outlook to text: sampling, and the words a keyboard would offer."""

from elman.decoding.prompts import parted
from elman.decoding.reading import Outlook, read, read_rows
from elman.decoding.sampling import Sampling
from elman.decoding.suggester import WORDS, Place, Suggester, finder_for
from elman.decoding.suggesting import NOTHING_TAUGHT, Speller, Suggestion, Taught
from elman.decoding.together import Continuation, Together
from elman.decoding.writing import write

__all__ = [
    "NOTHING_TAUGHT",
    "WORDS",
    "Continuation",
    "Outlook",
    "Place",
    "Sampling",
    "Speller",
    "Suggester",
    "Suggestion",
    "Taught",
    "Together",
    "finder_for",
    "parted",
    "read",
    "read_rows",
    "write",
]
