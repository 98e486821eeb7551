"""elman test: a model's scores on a text, with an honest baseline beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elman.cli.options import Encoding, Json, ModelFile, TextFiles, load_language_model
from elman.cli.report import print_report
from elman.cli.terminal import Reading, print_json, working
from elman.errors import InputError

if TYPE_CHECKING:
    from elman.models import LanguageModel
    from elman.text import Cache, Corpus

TrainingText = Annotated[
    list[Path] | None,
    typer.Option(
        "--train",
        metavar="TEXT",
        readable=False,
        help="The training text, if the cache has lost it; may be given again.",
    ),
]


def test(
    model: ModelFile,
    text: TextFiles,
    train: TrainingText = None,
    encoding: Encoding = "utf-8",
    json: Json = False,
) -> None:
    """Score a model on a text it has not seen, beside a baseline.

    The baseline is the best n-gram of the text that the model was trained on.
    """
    from elman.scoring.baseline import best_ngram
    from elman.scoring.language_evaluation import evaluate_language
    from elman.scoring.predictor import NetworkPredictor
    from elman.text import Cache, Corpus, TextSource

    loaded = load_language_model(model)
    cache = Cache()
    with Reading() as reading:
        source = TextSource(text, encoding=encoding)
        corpus = Corpus.prepare(source, loaded.unit_, cache=cache, progress=reading)
        learned_from = _training_text(loaded, train, encoding, cache, reading)
    remarks: tuple[str, ...] = ()
    if learned_from is None:
        remarks = ("No baseline: the training text is not in the cache. Name it: --train FILE",)
    with working("scoring"):
        ngram = None if learned_from is None else best_ngram(learned_from.ids, loaded.unit_)
        report = evaluate_language(NetworkPredictor(loaded.network_), corpus, ngram, remarks)
    if json:
        print_json(report.to_json())
    else:
        print_report(report, loaded.unit_)


def _training_text(
    model: LanguageModel,
    given: list[Path] | None,
    encoding: str,
    cache: Cache,
    reading: Reading,
) -> Corpus | None:
    """The part of the text that the model learned from: by its hash, or from the files given."""
    from elman.text import Corpus, TextSource

    if given:
        source = TextSource(given, encoding=encoding)
        whole = Corpus.prepare(source, model.unit_, cache=cache, progress=reading)
        if whole.content_hash != model.record_.get("content"):
            raise InputError(
                "this is not the text that the model was trained on",
                place=source.name,
                advice="Name the same files as for elman train, or leave --train out.",
            )
    key = model.record_.get("corpus")
    return Corpus.find(key, model.unit_, cache) if isinstance(key, str) else None
