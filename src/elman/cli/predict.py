"""elman predict: predictions for texts, for files or for a stream on stdin."""

from __future__ import annotations

from typing import Any

from elman.cli.inputs import Inputs, files_and_texts
from elman.cli.task_options import task_options
from elman.console.options import Encoding, Int8, Json, ModelFile
from elman.console.terminal import Throughput


@task_options("predict")
def predict(
    model: ModelFile,
    inputs: Inputs = None,
    encoding: Encoding = "utf-8",
    int8: Int8 = False,
    json: Json = False,
    **options: Any,
) -> None:
    """Predict classes, tags, texts or numbers, of texts or of files.

    Classification: one text per line, or a table, JSON lines or fastText lines, with or without
    labels. Prints one line per text; an empty line for an empty line or a skipped bad row. On a
    terminal the text and the probability stand beside the class. In a folder of classes each file
    is a text, as in training, and its path stands before the class.

    Tagging: CoNLL or CoNLL-U, with or without tags; a blank line ends a sentence. Prints the file
    with the predicted tags. Running text is split into words; each line is a sentence.

    Translation: one source per line, or a table with a source column. Prints one line per source;
    --json adds alternatives, word probabilities and attention.

    Description: .npy or .npz files of vectors. Prints one line per vector.

    Forecasting: continues the training data, or a newer table of the same series. Prints one row
    per step and series, with the 80 % and 95 % prediction intervals.

    Input from a pipe is answered line by line as it arrives.
    """
    from elman.tasks.loading import load
    from elman.tasks.options import check_options, typed_options
    from elman.tasks.predictions import PredictionRequest
    from elman.tasks.table import TASKS
    from elman.tasks.task import no_predictions

    loaded = load(model, int8=int8)
    task, typed = TASKS[loaded.task], typed_options(options)
    unit = task.commands.words.predicts
    if unit is None:
        raise no_predictions(task, model)
    check_options(task, "predict", typed)
    files, texts = files_and_texts(inputs or [])
    request = PredictionRequest(files, encoding, json, typed, texts)
    with Throughput(unit) as pace:
        for lines, count in task.predictions(loaded, request):
            print(lines, end="", flush=True)
            pace(count)
