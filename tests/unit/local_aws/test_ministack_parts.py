import sys
import types
from typing import Any

import pytest

from local_aws.part import NameTakenError, Part


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    made: Any = types.ModuleType("some_service")
    exec(
        "_items = [1]\n"
        "def _count():\n"
        "    return len(_items)\n"
        "class Worker:\n"
        "    def _spawn(self):\n"
        "        return 'spawned'\n",
        made.__dict__,
    )
    monkeypatch.setitem(sys.modules, "some_service", made)
    return made


def test_a_listed_name_is_reached_without_its_underscore(module: Any) -> None:
    part = Part("some_service", "_items", "_count")

    assert (part.items, part.count()) == ([1], 1)


def test_a_name_that_is_not_listed_is_refused(module: Any) -> None:
    with pytest.raises(AttributeError, match="count of some_service is not listed"):
        _ = Part("some_service", "_items").count


def test_what_is_gone_is_told_by_its_full_name(module: Any) -> None:
    part = Part("some_service", "_items", "_gone", "Worker._spawn", "Worker._ended", "Nobody._spawn")

    assert part.missing() == ["some_service._gone", "some_service.Worker._ended", "some_service.Nobody._spawn"]
    assert Part("no_such_service", "_items").missing() == ["no_such_service._items"]


def test_a_name_is_replaced_once(module: Any) -> None:
    part = Part("some_service", "_count", "Worker._spawn")
    part.replace("count", lambda count: lambda: count() + 10)
    part.replace("Worker.spawn", lambda _: lambda self: "refused")

    assert (module._count(), part.count(), module.Worker()._spawn()) == (11, 11, "refused")
    with pytest.raises(NameTakenError, match=r"some_service\._count is replaced twice"):
        part.replace("count", lambda count: count)


def test_a_function_sees_other_things_alone(module: Any) -> None:
    part = Part("some_service", "_items", "_count")

    assert (part.seeing(part.count, items=[1, 2, 3])(), part.count()) == (3, 1)
