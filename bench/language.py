"""Scores of language models and keyboards on real text: `make bench-language`.

Prints a table and records it in bench/results with date and machine. Training budgets are
wall-clock, so nothing else should run meanwhile: three seeds of each row take about 40 minutes.

The data (bench/results/README.md describes it) is read from $ELMAN_DATA, by default
../shared/data.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from elman import LanguageModel
from elman.data.cache import Cache
from elman.data.corpus import Corpus
from elman.keyboard import Keyboard, UserModel, simulate_typing
from elman.keyboard.observations import Observation
from elman.metrics.report import Evaluation
from elman.tasks.language_modeling.baseline import best_ngram
from elman.tasks.language_modeling.evaluation import evaluate_language
from elman.text.files import TextSource
from tables import DATA, Row, bench_parser, check_data, mean, publish, seconds, table

THREADS = 2
WRITTEN = 12_000  # characters of each text that the keyboard learns from
SHAKESPEARE_TRAIN = 1_003_854  # characters: the first 90 %


def main() -> None:
    parser = bench_parser(__doc__)
    parser.add_argument("--only", choices=list(BENCHES), nargs="*", default=list(BENCHES))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    check_data()
    torch.set_num_threads(THREADS)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only:
            rows += BENCHES[name](Path(folder), range(options.seeds))
    publish("language", table(rows), record=not options.no_record)


def shakespeare(folder: Path, seeds: Sequence[int]) -> list[Row]:
    """Characters, 3 minutes: the validation text with the state carried, and in fresh blocks."""
    text = (DATA / "shakespeare.txt").read_text(encoding="utf-8")
    train, valid = folder / "train.txt", folder / "valid.txt"
    train.write_text(text[:SHAKESPEARE_TRAIN], encoding="utf-8")
    valid.write_text(text[SHAKESPEARE_TRAIN:], encoding="utf-8")
    reports = [
        _trained("character", 3, seed, train, valid, valid, baseline=seed == seeds[0])[1]
        for seed in seeds
    ]
    first = reports[0].baseline or {}
    return [
        _mean(
            "tiny Shakespeare, 3 min, state carried: nats/char",
            reports,
            "nats_per_token",
            "{:.4f}",
        ),
        _mean("the same, fresh blocks of 64", reports, "nats_per_token_fresh", "{:.4f}"),
        *_alone(reports),
        (f"baseline ({first['name']})", f"{first['nats_per_token']:.4f}", "state carried"),
    ]


def _alone(reports: Sequence[Evaluation]) -> list[Row]:
    """The scores of the two parts of the model, each alone."""
    return [
        (
            f"the {part} alone: nats a token",
            f"{statistics.mean(each.details['alone'][part] for each in reports):.4f}",
            "state carried",
        )
        for part in ("network", "counts")
    ]


def keyboard(folder: Path, seeds: Sequence[int]) -> list[Row]:
    """Words, 5 minutes: next word and keystroke savings on the test text; time a suggestion."""
    data = DATA / "keyboard_english"
    files = [data / f"{part}.txt" for part in ("train", "valid", "test")]
    trained = [_trained("word", 5, seed, *files, baseline=True) for seed in seeds]
    reports = [report for _, report in trained]
    first = reports[0].baseline or {}
    rows = [
        _mean("keyboard_english, 5 min: top-3", reports, "top3", "{:.4f}"),
        ("baseline", f"{first['top3']:.4f}", first["name"]),
        _mean("top-1", reports, "top1", "{:.4f}"),
        ("baseline", f"{first['top1']:.4f}", ""),
        _mean("keystroke savings", reports, "keystroke_savings", "{:.4f}"),
        ("baseline", f"{first['keystroke_savings']:.4f}", ""),
        _mean("perplexity per word", reports, "perplexity", "{:.1f}"),
        *_alone(reports),
        ("baseline", f"{first['perplexity']:.1f}", ""),
    ]
    path = folder / "keyboard.safetensors"
    trained[0][0].save(path)
    return rows + _suggestion_times(path, files[2])


def learning_keyboard(folder: Path, seeds: Sequence[int]) -> list[Row]:  # noqa: ARG001
    """A keyboard of everyday English (words, 5 minutes, one seed) writes other people's texts in
    order, with and without what it learns of them; and held-out text of its own kind, which tells
    what learning costs where there is nothing to be learned."""
    data = DATA / "keyboard_english"
    parts = (data / f"{part}.txt" for part in ("train", "valid", "test"))
    model, _ = _trained("word", 5, seeds[0], *parts, baseline=False)
    shakespeare = (DATA / "shakespeare.txt").read_text(encoding="utf-8")[SHAKESPEARE_TRAIN:]
    captions = (DATA / "multi30k" / "test_2016_flickr.en").read_text(encoding="utf-8")
    requests = (DATA / "clinc150" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]
    texts = {
        "Shakespeare": shakespeare,
        "image captions (multi30k)": captions,
        "requests to an assistant (clinc150)": "\n".join(row.split("\t")[0] for row in requests),
        "everyday English, in domain": (data / "test.txt").read_text(encoding="utf-8"),
    }
    rows: list[Row] = []
    for name, text in texts.items():
        begun = text[: text.rfind("\n", 0, WRITTEN) + 1]
        without = _dictated(Keyboard(model, _Forgetful()), begun)
        learning = Keyboard(model)
        with_it = _dictated(learning, begun)
        adapting = _dictated(Keyboard(model, online=True), begun)
        how = (
            f"{len(begun):,} characters; "
            f"without learning {without[0]:.4f}, top-3 {without[1]:.4f}; "
            f"with online adaptation {adapting[0]:.4f}, top-3 {adapting[1]:.4f}"
        )
        rows.append((f"{name}: keystroke savings, top-3", "{:.4f}, {:.4f}".format(*with_it), how))
    return rows


class _Forgetful(UserModel):
    """Learns nothing."""

    def learn(self, observation: Observation) -> None: ...


def _dictated(keyboard: Keyboard, text: str) -> tuple[float, float]:
    """Keystroke savings and top-3 of a text that is written with help."""
    offered = simulate_typing(keyboard, text)
    return keyboard.saved / (keyboard.keystrokes + keyboard.saved), statistics.mean(offered)


def start_up(folder: Path, seeds: Sequence[int]) -> list[Row]:  # noqa: ARG001
    """Whole processes, the median of nine."""
    commands = {
        "elman --help": [str(Path(sys.executable).parent / "elman"), "--help"],
        "import elman": [sys.executable, "-c", "import elman"],
    }
    rows = []
    for name, command in commands.items():
        times = [
            seconds(lambda c=command: subprocess.run(c, check=True, capture_output=True))
            for _ in range(9)
        ]
        rows.append((name, f"{statistics.median(times):.3f} s", "median of 9 processes"))
    return rows


BENCHES: dict[str, Callable[[Path, Sequence[int]], list[Row]]] = {
    "shakespeare": shakespeare,
    "keyboard": keyboard,
    "learning-keyboard": learning_keyboard,
    "start-up": start_up,
}


def _trained(
    tokenizer: str,
    minutes: float,
    seed: int,
    train: Path,
    valid: Path,
    test: Path,
    *,
    baseline: bool,
) -> tuple[LanguageModel, Evaluation]:
    cache = Cache()
    model = LanguageModel(tokenizer=tokenizer, minutes=minutes, seed=seed, counts="on")
    begun = time.monotonic()
    for _ in model.training(TextSource([train]), valid=TextSource([valid]), cache=cache):
        pass
    print(
        f"{tokenizer} seed {seed}: {model.record_['seconds']:.1f} s of training "
        f"({time.monotonic() - begun:.1f} s with reading), {model.record_['steps']} steps, "
        f"held out {model.record_['valid_nats_per_token']:.4f}",
        file=sys.stderr,
    )
    corpus = Corpus.prepare(TextSource([test]), model.tokenizer_, cache=cache)
    ngram = None
    if baseline:
        learned_from = Corpus.prepare(TextSource([train]), model.tokenizer_, cache=cache)
        ngram = best_ngram(learned_from.ids, model.tokenizer_)
    report = evaluate_language(model.predictor, corpus, ngram)
    print(report.to_json(), file=sys.stderr)
    return model, report


def _suggestion_times(path: Path, text: Path) -> list[Row]:
    """One suggestion in a loaded model after each of 500 beginnings of sentences."""
    import elman

    model: Any = elman.load(path)
    begun = [line[: len(line) * 2 // 3] for line in text.read_text().splitlines()[:520]]
    times = [seconds(lambda t=typed: model.suggest(t)) for typed in begun][20:]
    p95 = statistics.quantiles(times, n=20)[-1]
    how = f"500 suggestions, median {1000 * statistics.median(times):.1f} ms"
    return [("one suggestion, 95th percentile", f"{1000 * p95:.1f} ms", how)]


def _mean(what: str, reports: list[Evaluation], score: str, form: str) -> Row:
    return mean(what, [report.scores[score] for report in reports], form)


if __name__ == "__main__":
    main()
