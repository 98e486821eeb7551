"""Real data that is at hand without a download: Python's documents and source, Faker's surnames."""

from elman.examples.python_tokens import Sentence, sentences_of_python
from elman.examples.split import Split
from elman.examples.standard_library import documents_of_python
from elman.examples.surnames import surnames

__all__ = ["Sentence", "Split", "documents_of_python", "sentences_of_python", "surnames"]
