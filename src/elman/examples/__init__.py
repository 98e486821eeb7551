"""Real data that is at hand without a download: Python's documents and source, Faker's surnames,
French and English out of CLDR, scikit-learn's digits, statsmodels' sunspots."""

from elman.examples.digits import Digit, digits
from elman.examples.french_english import french_english
from elman.examples.python_tokens import PythonSentence, sentences_of_python
from elman.examples.split import Split
from elman.examples.standard_library import documents_of_python
from elman.examples.sunspots import Sunspots, sunspots
from elman.examples.surnames import surnames

__all__ = [
    "Digit",
    "PythonSentence",
    "Split",
    "Sunspots",
    "digits",
    "documents_of_python",
    "french_english",
    "sentences_of_python",
    "sunspots",
    "surnames",
]
