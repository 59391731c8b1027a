from collections.abc import Callable
from pathlib import Path

import pytest

from csvdynamo.aws.backoff import Backoff
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset

MINIMAL = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"

[table]
name = "tb_cars"
partition_key = "car_id"

[attributes]
transform = ["lowercase", { replace = " ", with = "_" }]
"""


@pytest.fixture
def minimal_text() -> str:
    """A data set file with nothing but what every file must have, and the worked example's header transform."""
    return MINIMAL


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[[str], Dataset]:
    """Loads the minimal data set file with more text after it."""

    def make(more: str = "") -> Dataset:
        path = tmp_path / "cars.toml"
        path.write_text(MINIMAL + more, encoding="utf-8")
        return load_dataset(path)

    return make


class Clock:
    """A Lambda function's remaining time, used up by sleeping and by calls."""

    def __init__(self, remaining: float = 60.0) -> None:
        self.remaining = remaining
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.remaining -= seconds

    def backoff(self, *, uniform: float = 1.0) -> Backoff:
        return Backoff(remaining_seconds=lambda: self.remaining, sleep=self.sleep, uniform=lambda: uniform)


@pytest.fixture
def clock() -> Clock:
    return Clock()
