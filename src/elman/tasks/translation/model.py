"""Translation: from a source text to a target text.

Shapes: N pairs, T tokens of a target, S tokens of a source.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from elman.errors import InputError
from elman.tasks.inputs import as_texts
from elman.tasks.seq2seq.config import RECIPES, Seq2SeqRecipe, TranslatorSettings
from elman.tasks.seq2seq.estimator import Seq2SeqModel
from elman.tasks.seq2seq.generation import (
    GeneratedText,
    attention_weights,
    generate,
    generated_text,
    search_settings,
    with_end,
)
from elman.tasks.seq2seq.text_codec import TextCodec, choose_tokenizer
from elman.tasks.translation.inputs import Pairs, TextPairs, pair_source, read_pairs, split
from elman.text.progress import ProgressCallback
from elman.text.rows import MAX_SIDE_LENGTH

if TYPE_CHECKING:
    from elman.explain.trace import Trace
    from elman.training.dataset import TokenDataset


class Translator(TranslatorSettings, Seq2SeqModel):
    """A recurrent encoder-decoder that generates a target text from a source text.

    ::

        model = Translator(minutes=20).fit(Path("train.fr"), Path("train.en"))
        model.predict(["Un chien court dans la neige."])  # ["A dog runs in the snow."]
        model.save("fr-en.safetensors")

    Sources and targets may be languages, spelling and phonemes, numbers and words, or the like.
    There are no unknown tokens.

    Attributes, after fitting:
        network_: the `EncoderDecoder`.
        source_, target_: the `TextCodec`s; the same object if the vocabulary is shared.
        limit_: the maximum length of targets.
        record_: how it was trained, as plain data; saved with the model.
    """

    task: ClassVar[str] = "translate"
    pipeline_tag: ClassVar[str] = "translation"
    _examples_name: ClassVar[str] = "pairs"

    source_: TextCodec

    # Learning

    def fit(self, sources: Pairs, targets: Pairs | None = None, *, valid: Any = None) -> Self:
        """Train on pairs until the budget is spent; see `training`.

        Args:
            sources, targets: lists of texts, two parallel files, or a table with both columns as
                `sources` alone.
            valid: the validation set, in the same form; lists or two files as a tuple. Default: a
                random tenth of the sources.

        Raises:
            InputError: the pairs cannot be read, or are too few.
        """
        return self._fit(sources, targets, valid=valid)

    _split = staticmethod(split)

    def _examples(self, *data: Any, progress: ProgressCallback | None = None) -> TextPairs:
        return read_pairs(pair_source(*data), progress)

    def _held_out(self, valid: Any, train: Any, progress: ProgressCallback | None) -> TextPairs:  # noqa: ARG002
        both = valid if isinstance(valid, tuple) and len(valid) == 2 else (valid,)
        return self._examples(*both, progress=progress)

    def _learn_codecs(self, settings: TranslatorSettings, train: TextPairs) -> None:
        """Learn both vocabularies; a shared one if the tokenizers are the same."""
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

    def _preview_texts(self, examples: TextPairs) -> tuple[Sequence[str], Sequence[str]]:
        return examples.sources, examples.targets

    @property
    def _recipe(self) -> Seq2SeqRecipe:
        return RECIPES[self.source_.tokenizer.name]

    @property
    def _encoder_kind(self) -> tuple[str, str]:
        return self.attention, self.order

    def _source_size(self, train: TextPairs) -> int:  # noqa: ARG002
        return 0 if self.source_ is self.target_ else self.source_.tokenizer.size

    # Translating

    def predict(self, sources: Any, *, beam: int = 5) -> list[str]:
        """The best target of each source; "" for a blank source.

        Args:
            sources: (N,) texts.
            beam: hypotheses kept at each step, 1 to 100; 1 is greedy and faster.

        Raises:
            InputError: sources are not texts, or one is longer than 10,000 characters.
            SettingError: the beam is out of range.
        """
        targets = self.predict_best(sources, count=1, beam=beam)
        return [best[0].text if best else "" for best in targets]

    def predict_best(
        self, sources: Any, count: int = 3, *, beam: int = 5, attention: bool = False
    ) -> list[list[GeneratedText]]:
        """The best targets of each source, best first; none for a blank source.

        Args:
            sources: (N,) texts.
            count: most targets of each source, 1 to 100.
            beam: as in `predict`, but at least `count`.
            attention: whether to include attention weights.

        Raises:
            InputError, SettingError: as in `predict`; the count is out of range.
        """
        self._check_fitted()
        search = search_settings(self.target_, beam, count)
        texts = as_texts(sources, "sources")
        indices = [index for index, text in enumerate(texts) if text.strip()]
        for index in indices:
            if len(texts[index]) > MAX_SIDE_LENGTH:
                raise InputError(
                    f"number {index + 1} has {len(texts[index]):,} characters, more than "
                    f"{MAX_SIDE_LENGTH:,}",
                    location="sources",
                    hint="Cut it into sentences.",
                )
        rows = self.source_.rows(texts[index].strip() for index in indices)
        targets: list[list[GeneratedText]] = [[] for _ in texts]
        answers = generate(self._inference, rows, self.limit_, search)
        for index, row, answer in zip(indices, rows, answers, strict=True):
            best = [generated_text(each, self.target_) for each in answer[:count]]
            if attention and self.attention != "none":
                pieces = self.source_.pieces(row)
                weights = attention_weights(self._inference, row, answer[:count])
                best = [
                    dataclasses.replace(target, attention=each, source=pieces)
                    for target, each in zip(best, weights, strict=True)
                ]
            targets[index] = best
        return targets

    def explain(self, source: str, *, beam: int = 5) -> Trace:
        """The activations of the network over a source and its best target, the attention weights,
        and the attributions of each target token.

        Args:
            source: a text.
            beam: as in `predict`.

        Raises:
            InputError: the source is blank, or has more tokens than
                `elman.explain.summary.MAX_TOKENS`.
            SettingError: the beam is out of range.
        """
        from elman.explain.summary import check_length
        from elman.tasks.seq2seq.explain import explain_translation
        from elman.training.eval_mode import eval_mode

        self._check_fitted()
        (text,) = as_texts([source], "source")
        row = self.source_.encode(text.strip())
        check_length(len(row) if text.strip() else 0, "source")
        search = search_settings(self.target_, beam, 1)
        with eval_mode(self.network_):
            best = generate(self._inference, [row], self.limit_, search)[0][0]
        tokenizers = self.source_.tokenizer, self.target_.tokenizer
        return explain_translation(
            self.network_, row, self.source_.pieces(row), with_end(best), tokenizers
        )

    def score(self, sources: Pairs, targets: Pairs | None = None) -> float:
        """chrF of `predict`, 0 to 1 (M. Popović, 'chrF: character n-gram F-score for automatic MT
        evaluation', 2015); `elman test` reports BLEU and more.

        Raises:
            InputError: the pairs cannot be read.
        """
        from elman.metrics.generated_text import chrf

        self._check_fitted()
        pairs = read_pairs(pair_source(sources, targets))
        return chrf(self.predict(pairs.sources), pairs.targets).value / 100

    # Saving

    def _codecs(self) -> dict[str, TextCodec]:
        target = {"target": self.target_}
        return target if self.source_ is self.target_ else {**target, "source": self.source_}

    def _set_codecs(self, codecs: dict[str, TextCodec]) -> None:
        self.target_ = codecs["target"]
        self.source_ = codecs.get("source", self.target_)

    def _facts(self) -> dict[str, Any]:
        codecs = self.source_.tokenizer, self.target_.tokenizer
        return {
            "tokenizers": [codec.name for codec in codecs],
            "vocabulary": [codec.size for codec in codecs],
        }


MODEL = Translator
