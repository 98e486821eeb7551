"""What estimators have in common that learn from separate examples: texts, sentences or pairs.

A tenth of the examples is held out unless others are given, and both may be kept in the cache,
where the baseline learns from the same.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from elman.data.cache import Cache
from elman.data.example_cache import cache_examples
from elman.tasks.estimator import Model, TrainingData
from elman.text.progress import ProgressCallback


class ExampleModel(Model):
    """An estimator that learns from separate examples.

    Its task holds them in memory in a class of its own, with `rows`, each as plain data, and
    `content`, sha256 in hex of all of them.
    """

    @staticmethod
    @abstractmethod
    def _split(examples: Any, seed: int, /) -> tuple[Any, Any]:
        """What to learn from, and what is held out.

        Raises:
            EmptyTextError: where they are too few.
        """

    @abstractmethod
    def _examples(self, *data: Any, progress: ProgressCallback | None = None) -> Any:
        """What `fit` was given, as examples in memory.

        Args:
            data: the positional arguments of `fit`.
            progress: as `training` has it.

        Raises:
            InputError: where they cannot be read, or cannot be learned from.
        """

    @abstractmethod
    def _held_out(self, valid: Any, train: Any, progress: ProgressCallback | None) -> Any:
        """What `fit` was given as `valid`, as examples in memory, beside those to learn from.

        Raises:
            InputError: where they cannot be read, or do not go with those to learn from.
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
        """Keep what the model learned from, given once more, for a baseline to learn from.

        Args:
            data: as `fit` takes it.
            cache: where it is kept.

        Returns:
            Whether it was that, all of it or with a tenth to be held out.
        """
        self._check_fitted()
        given = self._examples(*data)
        for part in (given, self._split(given, self.seed)[0]):
            if part.content == self.record_.get("content"):
                self._keep(part, cache)
                return True
        return False
