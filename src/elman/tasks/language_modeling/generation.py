"""Generate text with a language model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from elman.ranges import check_integer
from elman.tasks.estimator import Model
from elman.text.tokenizers.tokenizer import Tokenizer

if TYPE_CHECKING:
    from elman.decoding.batched_generation import BatchedGenerator
    from elman.decoding.sampling import Sampling
    from elman.decoding.suggester import Suggester
    from elman.nn.compiled.language_model import CompiledLanguageModel


class TextGeneration(Model):
    """The part of a language model that generates text."""

    tokenizer_: Tokenizer

    @property
    @abstractmethod
    def predicting(self) -> CompiledLanguageModel:
        """What predicts: the network, with the counts beside it if there are any."""

    @property
    @abstractmethod
    def suggester(self) -> Suggester:
        """The steps of `suggest`, without the words from `learn`."""

    def generate(
        self,
        prompt: str = "",
        *,
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: str | Sequence[str] = (),
        seed: int | None = None,
    ) -> Iterator[str]:
        """Continue a prompt; yields the generated text piece by piece, without the prompt.

        Args:
            prompt: the text to continue; an unfinished last word is completed.
            length: maximum number of tokens.
            temperature, top_k, top_p, min_p, repetition_penalty: see `elman.Sampling`.
            stop: one or more texts that end the generation; they are not yielded.
            seed: of the random draws; None: different at each call.

        Raises:
            SettingError: a setting is out of range.
        """
        from elman.decoding.sampling import Sampling

        sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty)
        pieces = self._generate(prompt, length, sampling, stop, seed, rows=1)
        return (texts[0] for texts in pieces if texts[0])

    def generate_many(
        self,
        prompt: str = "",
        *,
        samples: int,
        length: int = 400,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop: str | Sequence[str] = (),
        seed: int | None = None,
    ) -> list[str]:
        """Generate several continuations of one prompt in one batch; see `generate`.

        Args:
            samples: number of continuations.
        """
        from elman.decoding.sampling import Sampling

        check_integer("samples", samples, 1)
        sampling = Sampling(temperature, top_k, top_p, min_p, repetition_penalty)
        pieces = list(self._generate(prompt, length, sampling, stop, seed, rows=samples))
        return ["".join(row) for row in zip(*pieces, strict=True)]

    def _generate(
        self,
        prompt: str,
        length: int,
        sampling: Sampling,
        stop: str | Sequence[str],
        seed: int | None,
        rows: int,
    ) -> Iterator[list[str]]:
        from elman.decoding.generation import generate_text
        from elman.decoding.prompts import split_prefix

        self._check_fitted()
        check_integer("length", length, 1)
        check_integer("seed", 0 if seed is None else seed, 0, 2**63 - 1)
        context, prefix = split_prefix(prompt, self.tokenizer_)
        return generate_text(
            self.predicting,
            self.tokenizer_,
            self.suggester.tokens(context),
            length=length,
            sampling=sampling,
            stop=[stop] if isinstance(stop, str) else stop,
            seed=seed,
            rows=rows,
            prefix=prefix,
        )

    def together(self) -> BatchedGenerator:
        """A generator of several texts that start and end independently."""
        from elman.decoding.batched_generation import BatchedGenerator

        self._check_fitted()
        return BatchedGenerator(self.predicting, self.tokenizer_)
