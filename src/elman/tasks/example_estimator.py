"""Base class of estimators that train on separate examples: texts, sentences or pairs.

A tenth of the examples is held out unless a validation set is given. The cache stores both, so that
the baseline can train on the same data.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from elman.data.cache import Cache
from elman.data.example_cache import cache_examples
from elman.tasks.estimator import Model
from elman.tasks.run import TrainingData
from elman.text.progress import ProgressCallback


class ExampleModel(Model):
    """An estimator that trains on separate examples.

    Each task has its own class of examples in memory, with `rows` of plain data, and `content`,
    their sha256 in hex.
    """

    @staticmethod
    @abstractmethod
    def _split(examples: Any, seed: int, /) -> tuple[Any, Any]:
        """Split examples into training and validation set.

        Raises:
            EmptyTextError: there are too few.
        """

    @abstractmethod
    def _examples(self, *data: Any, progress: ProgressCallback | None = None) -> Any:
        """Read the training data into memory.

        Args:
            data: the positional arguments of `fit`.
            progress: as in `training`.

        Raises:
            InputError: the data cannot be read or used.
        """

    @abstractmethod
    def _held_out(self, valid: Any, train: Any, progress: ProgressCallback | None) -> Any:
        """Read the validation data into memory.

        Args:
            valid: the argument of `fit`.
            train: the training examples.
            progress: as in `training`.

        Raises:
            InputError: the data cannot be read, or does not match the training examples.
        """

    def _prepare(
        self,
        settings: Any,
        *data: Any,
        valid: Any = None,
        cache: Cache | None = None,
        progress: ProgressCallback | None = None,
        **options: Any,
    ) -> TrainingData:
        given = self._examples(*data, progress=progress)
        if valid is None:
            train, held_out = self._split(given, settings.seed)
        else:
            train, held_out = given, self._held_out(valid, given, progress)
        if cache is not None:
            for part in (train, held_out):
                self._keep(part, cache)
        hashes = {"content": train.content, "valid": held_out.content}
        return TrainingData(train, held_out, hashes, options)

    def _keep(self, examples: Any, cache: Cache) -> None:
        """Write examples to the cache, under the hash of their content."""
        cache_examples(cache, examples.content, examples.rows)

    def keep_training(self, *data: Any, cache: Cache) -> bool:
        """Cache the training data, given again, for a baseline.

        Args:
            data: the positional arguments of `fit`.
            cache: stores the examples.

        Returns:
            Whether this is the training data, before or after the split.
        """
        self._check_fitted()
        given = self._examples(*data)
        for part in (given, self._split(given, self.seed)[0]):
            if part.content == self.record_.get("content"):
                self._keep(part, cache)
                return True
        return False
