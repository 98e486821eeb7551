"""`TASKS` is the only table of tasks, and a new task needs nothing besides it and its folder."""

from __future__ import annotations

import ast
import itertools
import re
from pathlib import Path

import pytest

import elman
from elman.tasks.table import TASKS

SOURCE = Path(elman.__file__).parent
MOST = 2  # tasks that a collection, a chain or the imports of a file may name
ALLOWED = {
    "__init__.py",  # the public names
    "tasks/table.py",
}
FILES = {
    name: path
    for path in sorted(SOURCE.rglob("*.py"))
    if (name := path.relative_to(SOURCE).as_posix()) not in ALLOWED
}
OF = {task.name: task.name for task in TASKS.values()}
OF |= {task.model_class.__name__: task.name for task in TASKS.values()}
OF |= {task.package.rpartition(".")[2]: task.name for task in TASKS.values()}


COLLECTIONS = ast.Dict | ast.Set | ast.Tuple | ast.List | ast.DictComp | ast.Subscript
CHAINS = ast.Match | ast.If | ast.IfExp | ast.BoolOp


def tasks_in(node):
    """The tasks whose name, model class or package stands below a node."""
    result = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            result.add(OF.get(each.value))
        elif isinstance(each, ast.Name):
            result.add(OF.get(each.id))
        elif isinstance(each, ast.Attribute):
            result.add(OF.get(each.attr))
        elif isinstance(each, ast.ImportFrom):
            result |= {OF.get(part) for part in (each.module or "").split(".")}
            result |= {OF.get(alias.name) for alias in each.names}
        elif isinstance(each, ast.Import):
            result |= {OF.get(part) for alias in each.names for part in alias.name.split(".")}
    return result - {None}


def tables_in(source):
    """Each collection or chain that names more than MOST tasks: its line and the tasks."""
    tree = ast.parse(source)
    nodes = [node for node in ast.walk(tree) if isinstance(node, COLLECTIONS | CHAINS)]
    # Statements side by side that each look at one task are a chain too.
    for body in (getattr(node, "body", None) for node in ast.walk(tree)):
        if isinstance(body, list):
            tests = [each.test for each in body if isinstance(each, ast.If)]
            nodes.append(ast.Module(body=[ast.Expr(test) for test in tests], type_ignores=[]))
    imports = [each for each in ast.walk(tree) if isinstance(each, ast.Import | ast.ImportFrom)]
    nodes.append(ast.Module(body=imports, type_ignores=[]))
    return {
        getattr(node, "lineno", 1): tasks for node in nodes if len(tasks := tasks_in(node)) > MOST
    }


@pytest.mark.parametrize("name", FILES)
def test_no_other_module_knows_three_tasks(name):
    for line, tasks in tables_in(FILES[name].read_text(encoding="utf-8")).items():
        pytest.fail(
            f"src/elman/{name}:{line} names the tasks {', '.join(sorted(tasks))}. Read "
            "elman.tasks.table.TASKS, and move what differs to the folder of each task"
        )


@pytest.mark.parametrize(
    "source",
    [
        "A = {'language': 1, 'classify': 2, 'tag': 3}",
        "A = Literal['language', 'translate', 'describe']",
        "A = (LanguageModel, Classifier, Tagger)",
        "if task == 'tag':\n    f()\nelif task == 'classify':\n    g()\n"
        "elif task == 'describe':\n    h()",
        "def f(m):\n    if isinstance(m, Tagger):\n        return 1\n"
        "    if isinstance(m, Classifier):\n        return 2\n"
        "    if isinstance(m, Describer):\n        return 3",
        "from elman.tasks.tagging import model\nimport elman.tasks.classification.onnx\n"
        "def f():\n    from elman.tasks.forecasting.model import Forecaster",
        "match task:\n    case 'tag':\n        f()\n    case 'forecast' | 'describe':\n        g()",
    ],
)
def test_a_second_table_is_detected(source):
    assert tables_in(source)


def test_one_file_of_the_pages_lists_the_tasks():
    names = "|".join(TASKS)
    result = {
        path.relative_to(SOURCE).as_posix(): tasks
        for path in sorted((SOURCE / "web").rglob("*.js"))
        if len(tasks := set(re.findall(rf"^\s*\"?({names})\"?: ", path.read_text(), re.M))) > MOST
    }
    assert len(result) == 1, result
    assert set.union(*result.values()) == TASKS.keys()


def test_records_agree_with_their_folders():
    for task in TASKS.values():
        assert task.model_class.task == task.name
        assert task.commands.task is task
        assert (SOURCE / "tasks" / task.package.rpartition(".")[2] / "task.py").is_file()
    priorities = [task.detection.priority for task in TASKS.values()]
    assert len(set(priorities)) == len(priorities)


def test_an_option_means_one_thing_in_a_command():
    result = {}
    for task, command in itertools.product(
        TASKS.values(), ("train", "test", "peek", "predict", "explain")
    ):
        for name, option in task.options_of(command).items():
            known = result.setdefault((command, name), option)
            assert (known.type, known.help, known.many) == (option.type, option.help, option.many)
