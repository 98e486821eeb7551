"""A first look at pairs of texts: how many, how long, how clean."""

from __future__ import annotations

from array import array
from collections import Counter
from copy import copy
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from elman.console.inspection import spread
from elman.console.terminal import counted
from elman.data.stats import Lengths, hash_of
from elman.tasks.inspection import ExamplesInspection, ValidationCheck

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from elman.text.pairs import PairSource


FAR_OFF = 3.0
"""So many times longer or shorter than usual a target is suspicious."""


@dataclass(frozen=True)
class PairsInspection(ExamplesInspection):
    """What a look at pairs found.

    Attributes:
        layout: how the rows are written, in words.
        sources: different ones.
        ratio: characters of a target per character of its source, the median.
        ambiguous_sources: sources that stand in several rows with different targets.
        copies: pairs whose target is the source.
        suspicious: pairs whose ratio is more than three times off `ratio`, either way.
        first_suspicious: the place of the first such pair.
    """

    layout: str
    rows: int
    sources: int
    source_words: Lengths
    target_words: Lengths
    source_characters: Lengths
    target_characters: Lengths
    ratio: float
    ambiguous_sources: int
    copies: int
    suspicious: int
    first_suspicious: str | None

    @property
    def can_be_learned(self) -> bool:
        """Whether some can be held out: those of one source stay together."""
        return self.sources > 1

    def show(self, looks: str) -> None:
        rows = [
            ("pairs", f"{self.rows:,}"),
            ("different sources", f"{self.sources:,}"),
            ("words a source", spread(self.source_words)),
            ("words a target", spread(self.target_words)),
            ("characters a source", spread(self.source_characters)),
            ("characters a target", spread(self.target_characters)),
            ("target to source", f"{self.ratio:.2f} characters to one, as a median"),
            ("duplicate pairs", f"{self.duplicates:,}"),
            ("sources with several targets", f"{self.ambiguous_sources:,}"),
            ("targets that are their source", f"{self.copies:,}"),
            ("lengths far off the median", f"{self.suspicious:,}"),
        ]
        self.show_list("pairs", rows)
        notes = []
        if not self.can_be_learned:
            notes.append("there is one source only; two or more are needed.")
        if self.suspicious:
            pairs = counted(self.suspicious, "pair has lengths", "pairs have lengths")
            notes.append(f"{pairs} that hardly go together; the first is {self.first_suspicious}.")
        self.show_notes("sources", notes)
        print(f"\n{looks} texts with another text each ({self.layout}): a translator.")


def inspect_source(pairs: PairSource, valid: PairSource | None = None) -> PairsInspection:
    """Read pairs and describe them, and what of their sources stands in `valid` as well.

    Raises:
        EmptyTextError: there are none.
        InputError: they cannot be read.
    """
    look = _PairStatistics(pairs)
    check = None
    if valid is not None:
        sources = [hash_of(pair.source) for pair in valid.pairs()]
        in_both = sum(source in look.target_of for source in sources)
        check = ValidationCheck(len(sources), in_both, valid.skipped)
    suspicious = look.suspicious()
    first = next(islice(copy(pairs).pairs(), suspicious[0], None)).location if suspicious else None
    return PairsInspection(
        layout=pairs.layout_in_words,
        rows=len(look.lengths[0]),
        sources=len(look.target_of),
        source_words=Lengths.of(look.words[0]),
        target_words=Lengths.of(look.words[1]),
        source_characters=Lengths.of(Counter(look.lengths[0])),
        target_characters=Lengths.of(Counter(look.lengths[1])),
        ratio=look.ratio,
        duplicates=look.duplicates,
        ambiguous_sources=len(look.ambiguous),
        copies=look.copies,
        suspicious=len(suspicious),
        first_suspicious=first,
        skipped=pairs.skipped,
        valid=check,
    )


class _PairStatistics:
    """Counts over the pairs of a source; of sources and targets in this order."""

    def __init__(self, pairs: PairSource) -> None:
        self.words: tuple[Counter[int], Counter[int]] = Counter(), Counter()
        self.lengths = array("i"), array("i")  # in characters, of each pair
        self.target_of: dict[int, int] = {}  # the first of each source
        self.ambiguous: set[int] = set()
        self.duplicates = 0
        self.copies = 0
        seen: set[int] = set()
        for pair in pairs.pairs():
            for side, text in enumerate((pair.source, pair.target)):
                self.words[side][len(text.split())] += 1
                self.lengths[side].append(len(text))
            source, target = hash_of(pair.source), hash_of(pair.target)
            if self.target_of.setdefault(source, target) != target:
                self.ambiguous.add(source)
            both = hash_of(f"{source} {target}")
            self.duplicates += both in seen
            seen.add(both)
            self.copies += source == target

    @property
    def ratio(self) -> float:
        """The median of target to source in characters."""
        return float(np.median(self._ratios()))

    def suspicious(self) -> list[int]:
        """Which pairs have lengths that hardly belong together, from 0."""
        off = np.abs(np.log(self._ratios() / self.ratio))
        found: list[int] = np.flatnonzero(off > np.log(FAR_OFF)).tolist()
        return found

    def _ratios(self) -> NDArray[np.float64]:
        sources, targets = (np.array(each, dtype=np.float64) for each in self.lengths)
        return targets / sources
