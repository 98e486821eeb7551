"""The record of a task: its classes, options and functions, for commands, export and server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from elman.errors import ExportError, TaskError

if TYPE_CHECKING:
    from pathlib import Path

    from elman.console.report import ReportFormat
    from elman.export.onnx.parity import ExportedGraph
    from elman.server.operations.operation import ModelOperations
    from elman.tasks.commands import TaskCommands
    from elman.tasks.demo_part import DemoPart
    from elman.tasks.estimator import Model
    from elman.tasks.inspection import Inspection
    from elman.tasks.options import Option
    from elman.tasks.predictions import PredictionLines, PredictionRequest


def _no_evidence(*_: object) -> None:
    return None


def lazily(name: str) -> Callable[..., Any]:
    """A function that is imported when it is first called.

    Args:
        name: its module and its name, such as 'elman.text.sniff_tagged:tagged_in'.
    """
    module, _, function = name.partition(":")
    return lambda *args: getattr(import_module(module), function)(*args)


@dataclass(frozen=True)
class Detection:
    """How a task is recognised from data files.

    Args:
        priority: order in which tasks are tried, the lowest first.
        from_names: file names -> the evidence that they are for this task, or None.
        from_lines: (first lines of a file, its name) -> the same.
    """

    priority: int
    from_names: Callable[[Sequence[str]], str | None] = _no_evidence
    from_lines: Callable[[Sequence[str], str], str | None] = _no_evidence


@dataclass(frozen=True)
class Task:
    """A task and its package. Each module of the package is imported at its first use.

    A folder holds `model.py` with `MODEL`, an estimator's class, `commands.py` with `COMMANDS`, a
    subclass of `TaskCommands`, and `report.py` with `FORMAT`. It may hold `inspect.py` with
    `inspect_source`, `predictions.py` with `write_predictions`, `onnx.py` with `exported`,
    `operations.py` with `OPERATIONS`, and `demo.py` with `demo_parts`.

    Args:
        name: in `--task`, in model files and in `Model.task`.
        package: the dotted name of its package, such as 'elman.tasks.tagging'.
        summary: the output of the model, such as 'a tag for each word'.
        detection: how the task is recognised from data files.
        options: command-line options besides those of all tasks.
    """

    name: str
    package: str
    summary: str
    detection: Detection
    options: tuple[Option, ...] = ()

    @property
    def model_class(self) -> type[Model]:
        found: type[Model] = self._module("model").MODEL
        return found

    @property
    def commands(self) -> type[TaskCommands]:
        found: type[TaskCommands] = self._module("commands").COMMANDS
        return found

    @property
    def report_format(self) -> ReportFormat:
        found: ReportFormat = self._module("report").FORMAT
        return found

    @property
    def operations(self) -> ModelOperations:
        """What the server does with a model, besides describing it; nothing without
        `operations.py`.
        """
        from elman.server.operations.operation import ModelOperations

        if not self._has("operations"):
            return ModelOperations()
        found: ModelOperations = self._module("operations").OPERATIONS
        return found

    def predictions(self, model: Model, request: PredictionRequest) -> Iterator[PredictionLines]:
        """Yield the lines that `elman predict` prints, as the inputs arrive.

        Raises:
            InputError: the inputs cannot be read.
            SettingError: an option is out of range.
        """
        found: Iterator[PredictionLines] = self._module("predictions").write_predictions(
            model, request
        )
        return found

    def onnx(self, model: Model) -> ExportedGraph:
        """Build the ONNX graph of a trained model.

        Raises:
            ExportError: models of this task have no graph.
        """
        if not self._has("onnx"):
            raise ExportError(
                f"models for the task {self.name!r} have no ONNX graph",
                location="onnx",
                hint="Export a page instead: elman export MODEL --web DIR",
            )
        found: ExportedGraph = self._module("onnx").exported(model)
        return found

    def demo_parts(self, folder: Path) -> Iterator[DemoPart]:
        """Write the data of each part of `elman demo` to a folder, and yield the part.

        Raises:
            InputError: the data is in a package that is not installed.
        """
        if self._has("demo"):
            yield from self._module("demo").demo_parts(folder)

    def inspection(self, source: Any, valid: Any = None) -> Inspection:
        """Read data from `TaskCommands.open` once, and describe it for `elman peek`.

        Args:
            source: the training data.
            valid: the validation data; None: there is none.

        Raises:
            InputError: it cannot be read.
        """
        found: Inspection = self._module("inspect").inspect_source(source, valid)
        return found

    def options_of(self, command: str) -> dict[str, Option]:
        """The options that this task adds to a command, by name."""
        return {each.name: each for each in self.options if command in each.commands}

    def _module(self, name: str) -> Any:
        return import_module(f"{self.package}.{name}")

    def _has(self, name: str) -> bool:
        return find_spec(f"{self.package}.{name}") is not None


def no_predictions(task: Task, path: object) -> TaskError:
    """The error of `elman predict` for a model without predictions."""
    return TaskError(
        f"it is a model for the task {task.name!r}, which has no predictions to print",
        location=path,
        hint=f"Generate text: elman generate {path}",
    )
