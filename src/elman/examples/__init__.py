"""Real data sets that need no download: documents and source code of Python, surnames from Faker,
French and English pairs from CLDR, digits from scikit-learn, sunspots from statsmodels."""

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
