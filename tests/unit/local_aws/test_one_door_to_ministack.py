"""No module of the embedded AWS reaches past ministack_internals.py into MiniStack."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_aws import ministack_internals
from local_aws.part import Part

PACKAGE = Path(ministack_internals.__file__).parent
DOOR = Path(ministack_internals.__file__)
PARTS = {name: value for name, value in vars(ministack_internals).items() if isinstance(value, Part)}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != DOOR)
each_module = pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(PACKAGE)) for path in MODULES])


def faults(source: str) -> Iterator[str]:
    """What a module does that only the door may do."""
    tree = ast.parse(source)
    own = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_self(node.value)} | {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
            yield from (f"imports {module}" for module in modules if module.split(".")[0] == "ministack")
        elif isinstance(node, ast.Call) and any(_is_ministack(argument) for argument in node.args):
            yield f"imports from MiniStack by name: {ast.unparse(node)}"
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            if not _is_self(node.value) and node.attr not in own and ast.unparse(node) != "os._exit":
                yield f"reaches for {ast.unparse(node)}"
        elif isinstance(node, ast.Assign):
            yield from (f"sets {ast.unparse(target)}" for target in node.targets if _root(target) in PARTS)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def _is_ministack(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("ministack.")


def _root(target: ast.expr) -> str | None:
    """The name that an attribute is set of; an item of a dictionary may be set."""
    while isinstance(target, ast.Attribute):
        target = target.value
        if isinstance(target, ast.Name):
            return target.id
    return None


@each_module
def test_no_other_module_reaches_into_ministack(path: Path) -> None:
    assert list(faults(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "import ministack.services.sns",
        "from ministack.core import sigv4",
        "import importlib\nimportlib.import_module('ministack.app')",
        "stepfunctions._executions",
        "worker._proc = None",
        "stepfunctions.add_event = print",
        "lambda_workers.Worker.invoke = print",
    ],
)
def test_what_reaches_past_the_door_is_found(source: str) -> None:
    assert len(list(faults(source))) >= 1


def test_every_listed_name_is_used() -> None:
    text = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    unused = [
        f"{part_name}.{name}"
        for part_name, part in PARTS.items()
        for name in part.names
        if f"{part_name}.{name.split('.')[0]}" not in text
        and f'"{name}"' not in text
        and not name.startswith("execute_")  # which walk.py reaches by a state's type
    ]

    assert unused == []
