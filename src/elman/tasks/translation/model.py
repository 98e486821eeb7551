"""Rewriting: many in, then many out.

Shapes: N pairs, T tokens of a target, S tokens of a source.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import Tensor

from elman.bundle import Bundle
from elman.data.cache import Cache
from elman.data.example_cache import cache_examples
from elman.errors import InputError
from elman.explain.summary import check_length
from elman.explain.trace import Trace
from elman.nn.seq2seq import EncoderDecoder, Seq2SeqConfig
from elman.tasks.estimator import Model
from elman.tasks.inputs import as_texts
from elman.tasks.seq2seq.config import RECIPES, Seq2SeqRecipe, TranslatorTrainingConfig
from elman.tasks.seq2seq.explain import explain_rewrite
from elman.tasks.seq2seq.generation import (
    GeneratedText,
    LengthLimit,
    attention_of,
    ended,
    generate,
    generated_text,
    learn,
    search_settings,
)
from elman.tasks.seq2seq.preview import Seq2SeqPreviews
from elman.tasks.seq2seq.serialization import contents, opened
from elman.tasks.seq2seq.text_codec import TextCodec, choose_tokenizer
from elman.tasks.translation.inputs import Pairs, TextPairs, pair_source, read_pairs, split
from elman.text.pairs import PairSource
from elman.text.progress import Progressed
from elman.text.rows import LONGEST_SIDE
from elman.training.eval_mode import eval_mode, seeded
from elman.training.events import Event


class Translator(Model):
    """A recurrent network that reads a text and then writes another.

    ::

        model = Translator(minutes=20).fit(Path("train.fr"), Path("train.en"))
        model.predict(["Un chien court dans la neige."])  # ["A dog runs in the snow."]
        model.save("fr-en.safetensors")

    From one language to another, from spelling to phonemes, from figures to words: whatever has
    been shown often enough. No token is unknown, on neither side.

    Args:
        tokenizer: of either side, "subword" or "character"; "auto" chooses for each.
        cell: a name of `elman.cells.CELLS`.
        hidden_size: of the vectors; None chooses.
        layers: blocks of the decoder; the encoder has as many for each direction.
        attention: "dot" or "additive": how the decoder chooses where in the source to look; with
            "none" all it has of the source is one vector (I. Sutskever et al., 2014).
        order: the source is read from "both" ends, "forward", or "reversed", from its end alone.
        dropout: share silenced in training, 0 to below 1; None chooses.
        minutes: of training, by the wall clock, validations included.
        steps: of training instead; the same weights every time on one machine.
        seed: of everything random.

    Attributes, once fitted:
        network_: the `EncoderDecoder`; source_, target_: the `TextCodec`s, one where they
            share a vocabulary; limit_: how long a target may become.
        record_: how it was trained, as plain data; it is saved with the model.
    """

    task: ClassVar[str] = "translate"

    network_: EncoderDecoder
    source_: TextCodec
    target_: TextCodec
    limit_: LengthLimit
    record_: dict[str, Any]

    def __init__(
        self,
        *,
        tokenizer: str = "auto",
        cell: str = "mingru",
        hidden_size: int | None = None,
        layers: int = 2,
        attention: str = "dot",
        order: str = "both",
        dropout: float | None = None,
        minutes: float = 3.0,
        steps: int | None = None,
        seed: int = 0,
    ) -> None:
        self.tokenizer = tokenizer
        self.cell = cell
        self.hidden_size = hidden_size
        self.layers = layers
        self.attention = attention
        self.order = order
        self.dropout = dropout
        self.minutes = minutes
        self.steps = steps
        self.seed = seed

    # Learning

    def fit(self, sources: Pairs, targets: Pairs | None = None, *, valid: Any = None) -> Self:
        """Read pairs again and again until the budget is spent; `training` tells more.

        An interrupt (Ctrl-C) leaves the model as good as it was by then, and is raised again.
        """
        return self._through(self.training(sources, targets, valid=valid))

    def training(
        self,
        sources: Pairs,
        targets: Pairs | None = None,
        *,
        valid: Any = None,
        cache: Cache | None = None,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 20.0,
        progress: Progressed | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Train, yielding what happens as `elman.training.events.Event`s.

        Args:
            sources, targets: what to learn from: lists of texts, two parallel files, or a table
                with both. Without `valid` a tenth of the sources, drawn at random, is held out.
            valid: others to choose the best weights by; sources and targets that are apart come
                as a pair.
            cache: where the pairs are kept for a baseline to learn from; nowhere if None.
            checkpoint: a file from which an interrupted run goes on; see `train`.
            progress: hears how files are read: the step, the bytes read, all the bytes.
            stop: asked before every step; True ends the run early and in order.

        Raises:
            SettingError: for a setting out of its range, before anything is read.
            InputError: where pairs cannot be read, or are too few.
            TrainingError, ResumeError, OutputError: as `train` has them.
        """
        settings = TranslatorTrainingConfig(**self._plain_settings())
        source = pair_source(sources, targets)
        given = read_pairs(source, progress)
        if valid is None:
            learned_from, held_out = split(given, settings.seed, source.name)
        else:
            both = valid if isinstance(valid, tuple) and len(valid) == 2 else (valid,)
            learned_from, held_out = given, read_pairs(pair_source(*both), progress)
        hashes = {"content": learned_from.content, "valid": held_out.content}
        if cache is not None:
            for part, content in zip((learned_from, held_out), hashes.values(), strict=True):
                cache_examples(cache, content, part.rows)
        self._choose_sides(settings, learned_from)
        pairs, others = self._examples(learned_from), self._examples(held_out)
        self.limit_ = LengthLimit.learn(*pairs)
        recipe = self._begin(settings)
        self.record_ = {
            **hashes,
            "pairs": len(learned_from.sources),
            "source_tokens": pairs[0].tokens,
            "target_tokens": pairs[1].tokens,
            "parameters": sum(p.numel() for p in self.network_.parameters()),
        }
        yield from learn(
            self.network_,
            settings,
            recipe,
            pairs,
            others,
            self.record_,
            show=Seq2SeqPreviews(
                self.network_,
                self.limit_,
                self.target_,
                pairs[1],
                sources=others[0],
                targets=others[1],
                texts=held_out.sources,
                wanted=held_out.targets,
            ),
            identity={**self._plain_settings(), **hashes},
            checkpoint=checkpoint,
            checkpoint_seconds=checkpoint_seconds,
            stop=stop,
        )

    def _choose_sides(self, settings: TranslatorTrainingConfig, pairs: TextPairs) -> None:
        """The tokenizers of source and target, one vocabulary for both where they are alike."""
        tokenizers = [
            choose_tokenizer(texts) if settings.tokenizer == "auto" else settings.tokenizer
            for texts in pairs
        ]
        if tokenizers[0] == tokenizers[1]:
            self.source_ = self.target_ = TextCodec.learn(
                tokenizers[0], [*pairs.sources, *pairs.targets]
            )
        else:
            self.source_, self.target_ = map(TextCodec.learn, tokenizers, pairs)

    def _examples(self, pairs: TextPairs) -> Any:
        return self.source_.examples(pairs.sources), self.target_.examples(pairs.targets)

    def _begin(self, settings: TranslatorTrainingConfig) -> Seq2SeqRecipe:
        """A new network for these sides, and the recipe that it is to be trained by."""
        recipe = RECIPES[self.source_.tokenizer.name]
        rewriting = Seq2SeqConfig(
            settings.architecture(recipe, self.target_.tokenizer.size),
            source=0 if self.source_ is self.target_ else self.source_.tokenizer.size,
            attention=settings.attention,
            order=settings.order,
        )
        with seeded(settings.seed):
            self.network_ = EncoderDecoder(rewriting, settings.outer_dropout(recipe))
        return recipe

    def keep_training(self, source: PairSource, cache: Cache) -> bool:
        """Keep what the model learned from, given once more, for a baseline to learn from.

        Returns:
            Whether it was that, all of it or with a tenth to be held out.
        """
        self._check_fitted()
        given = read_pairs(source)
        for part in (given, split(given, self.seed)[0]):
            content = part.content
            if content == self.record_.get("content"):
                cache_examples(cache, content, part.rows)
                return True
        return False

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
            if len(texts[place]) > LONGEST_SIDE:
                raise InputError(
                    f"number {place + 1} has {len(texts[place]):,} characters, more than "
                    f"{LONGEST_SIDE:,}",
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

    def _contents(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        sides = {"target": self.target_}
        if self.source_ is not self.target_:
            sides["source"] = self.source_
        about = contents(self.network_, sides, self.limit_, self.record_)
        return about, dict(self.network_.named_parameters())

    def describe(self) -> dict[str, Any]:
        self._check_fitted()
        return {
            "task": self.task,
            "tokenizers": [self.source_.tokenizer.name, self.target_.tokenizer.name],
            "vocabulary": [self.source_.tokenizer.size, self.target_.tokenizer.size],
            "parameters": sum(p.numel() for p in self.network_.parameters()),
            "network": dataclasses.asdict(self.network_.rewriting),
            "settings": self._plain_settings(),
            "training": self.record_,
        }

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        file = opened(bundle, TranslatorTrainingConfig)
        model = cls(**dataclasses.asdict(file.settings))
        model.network_, model.limit_, model.record_ = file.network, file.limit, file.record
        model.source_, model.target_ = file.source or file.target, file.target
        return model
