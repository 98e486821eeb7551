"""Rewriting: many in, then many out.

Shapes: N pairs, T tokens of a target, S tokens of a source.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from elman.errors import InputError
from elman.explain.summary import check_length
from elman.explain.trace import Trace
from elman.tasks.inputs import as_texts
from elman.tasks.seq2seq.config import RECIPES, Seq2SeqRecipe, TranslatorSettings
from elman.tasks.seq2seq.estimator import Seq2SeqModel
from elman.tasks.seq2seq.explain import explain_rewrite
from elman.tasks.seq2seq.generation import (
    GeneratedText,
    attention_of,
    ended,
    generate,
    generated_text,
    search_settings,
)
from elman.tasks.seq2seq.text_codec import TextCodec, choose_tokenizer
from elman.tasks.translation.inputs import Pairs, TextPairs, pair_source, read_pairs, split
from elman.text.progress import ProgressCallback
from elman.text.rows import MAX_SIDE_LENGTH
from elman.training.dataset import TokenDataset
from elman.training.eval_mode import eval_mode


class Translator(TranslatorSettings, Seq2SeqModel):
    """A recurrent network that reads a text and then writes another.

    ::

        model = Translator(minutes=20).fit(Path("train.fr"), Path("train.en"))
        model.predict(["Un chien court dans la neige."])  # ["A dog runs in the snow."]
        model.save("fr-en.safetensors")

    From one language to another, from spelling to phonemes, from figures to words: whatever has
    been shown often enough. No token is unknown, on neither side.

    Attributes, once fitted:
        network_: the `EncoderDecoder`; source_, target_: the `TextCodec`s, one where they
            share a vocabulary; limit_: how long a target may become.
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str] = "translate"
    pipeline_tag: ClassVar[str] = "translation"
    _examples_name: ClassVar[str] = "pairs"

    source_: TextCodec

    # Learning

    def fit(self, sources: Pairs, targets: Pairs | None = None, *, valid: Any = None) -> Self:
        """Learn from pairs until the budget is spent; see `training`.

        Args:
            sources, targets: what to learn from: lists of texts, two parallel files, or a table
                with both. Without `valid` a tenth of the sources, drawn at random, is held out.
            valid: others to choose the best weights by; sources and targets that are apart come
                as a pair.

        Raises:
            InputError: where pairs cannot be read, or are too few.
        """
        return self._fit(sources, targets, valid=valid)

    _split = staticmethod(split)

    def _examples(self, *data: Any, progress: ProgressCallback | None = None) -> TextPairs:
        return read_pairs(pair_source(*data), progress)

    def _held_out(self, valid: Any, train: Any, progress: ProgressCallback | None) -> TextPairs:  # noqa: ARG002
        both = valid if isinstance(valid, tuple) and len(valid) == 2 else (valid,)
        return self._examples(*both, progress=progress)

    def _learn_sides(self, settings: TranslatorSettings, train: TextPairs) -> None:
        """The tokenizers of source and target, one vocabulary for both where they are alike."""
        texts = train.sources, train.targets
        tokenizers = [
            choose_tokenizer(each) if settings.tokenizer == "auto" else settings.tokenizer
            for each in texts
        ]
        if tokenizers[0] == tokenizers[1]:
            self.source_ = self.target_ = TextCodec.learn(tokenizers[0], [*texts[0], *texts[1]])
        else:
            self.source_, self.target_ = map(TextCodec.learn, tokenizers, texts)

    def _datasets(self, examples: TextPairs) -> tuple[TokenDataset, TokenDataset]:
        sources = self.source_.examples(examples.sources)
        return sources, self.target_.examples(examples.targets)

    def _shown(self, examples: TextPairs) -> tuple[Sequence[str], Sequence[str]]:
        return examples.sources, examples.targets

    @property
    def _recipe(self) -> Seq2SeqRecipe:
        return RECIPES[self.source_.tokenizer.name]

    @property
    def _reading(self) -> tuple[str, str]:
        return self.attention, self.order

    def _source_size(self, train: TextPairs) -> int:  # noqa: ARG002
        return 0 if self.source_ is self.target_ else self.source_.tokenizer.size

    # Rewriting

    def predict(self, sources: Any, *, beam: int = 5) -> list[str]:
        """The best target of each source; of a blank one, "".

        Args:
            beam: targets that are followed at the same time; 1 is greedy, and several times as
                fast.

        Raises:
            InputError: where they are no texts, or one is longer than 10,000 characters.
            SettingError: for a beam out of its range.
        """
        found = self.predict_best(sources, count=1, beam=beam)
        return [best[0].text if best else "" for best in found]

    def predict_best(
        self, sources: Any, count: int = 3, *, beam: int = 5, attention: bool = False
    ) -> list[list[GeneratedText]]:
        """The `count` best targets of each source, the best first; fewer where fewer were found,
        and of a blank source none.

        Args:
            beam: as `predict` has it; it is no smaller than the count.
            attention: whether to say how much each token of the source counted, too.

        Raises:
            InputError, SettingError: as `predict`, and for a count below 1 or above 100.
        """
        self._check_fitted()
        search = search_settings(self.target_, beam, count)
        texts = as_texts(sources, "sources")
        places = [place for place, text in enumerate(texts) if text.strip()]
        for place in places:
            if len(texts[place]) > MAX_SIDE_LENGTH:
                raise InputError(
                    f"number {place + 1} has {len(texts[place]):,} characters, more than "
                    f"{MAX_SIDE_LENGTH:,}",
                    location="sources",
                    hint="Cut it into sentences.",
                )
        examples = self.source_.examples(texts[place].strip() for place in places)
        found: list[list[GeneratedText]] = [[] for _ in texts]
        answers = generate(self.network_, examples, self.limit_, search, self._step)
        for number, (place, answer) in enumerate(zip(places, answers, strict=True)):
            best = [generated_text(each, self.target_) for each in answer[:count]]
            if attention and self.attention != "none":
                pieces = self.source_.pieces(examples.rows[number])
                looks = attention_of(self.network_, examples, number, answer[:count])
                best = [
                    dataclasses.replace(rewrite, attention=weights, source=pieces)
                    for rewrite, weights in zip(best, looks, strict=True)
                ]
            found[place] = best
        return found

    def explain(self, source: str, *, beam: int = 5) -> Trace:
        """What the network saw in a source, remembered of it, where it looked for each token that
        it wrote, and what that rests on.

        Args:
            beam: as `predict` has it.

        Raises:
            InputError: for a blank source, or one of more tokens than `MAX_TOKENS`;
            SettingError: for a beam out of its range.
        """
        self._check_fitted()
        (text,) = as_texts([source], "source")
        examples = self.source_.examples([text.strip()])
        row = examples.rows[0]
        check_length(len(row) if text.strip() else 0, "source")
        search = search_settings(self.target_, beam, 1)
        with eval_mode(self.network_):
            best = generate(self.network_, examples, self.limit_, search, self._step)[0][0]
        tokenizers = self.source_.tokenizer, self.target_.tokenizer
        return explain_rewrite(
            self.network_, row, self.source_.pieces(row), ended(best), tokenizers
        )

    def score(self, sources: Pairs, targets: Pairs | None = None) -> float:
        """chrF of what it writes, from 0 to 1 (M. Popović, 'chrF: character n-gram F-score for
        automatic MT evaluation', 2015); `elman test` has BLEU and more.

        Raises:
            InputError: where the pairs cannot be read.
        """
        from elman.metrics.generated_text import chrf

        self._check_fitted()
        pairs = read_pairs(pair_source(sources, targets))
        return chrf(self.predict(pairs.sources), pairs.targets).value / 100

    # Keeping

    def _sides(self) -> dict[str, TextCodec]:
        target = {"target": self.target_}
        return target if self.source_ is self.target_ else {**target, "source": self.source_}

    def _take_sides(self, sides: dict[str, TextCodec]) -> None:
        self.target_ = sides["target"]
        self.source_ = sides.get("source", self.target_)

    def _facts(self) -> dict[str, Any]:
        sides = self.source_.tokenizer, self.target_.tokenizer
        return {
            "tokenizers": [side.name for side in sides],
            "vocabulary": [side.size for side in sides],
        }


MODEL = Translator
