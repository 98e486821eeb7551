"""From a network's outlook to text: sampling, and the words a keyboard would offer."""

from elman.decoding.prompts import parted
from elman.decoding.reading import Outlook, read
from elman.decoding.sampling import Sampling
from elman.decoding.suggesting import Speller, Suggestion, complete
from elman.decoding.writing import write

__all__ = ["Outlook", "Sampling", "Speller", "Suggestion", "complete", "parted", "read", "write"]
