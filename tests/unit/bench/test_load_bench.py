"""What a worker held during each task of a run."""

from dataclasses import replace

from bench.dag_run import task_peaks
from bench.load_bench import task_table
from tests.unit.bench.test_results import DAG

SEEN = [(10.0, 100), (10.5, 300), (11.0, 200), (12.5, 50), (13.0, 250), (13.5, 900)]


def test_a_task_has_the_most_that_was_held_while_it_ran() -> None:
    tasks = {"prepare": (9.9, 11.0), "reconcile": (11.1, 11.2), "verify": (12.5, 13.0)}

    assert task_peaks(tasks, SEEN) == {"prepare": 300, "verify": 250}


def test_the_tasks_of_the_sizes_stand_beside_each_other() -> None:
    small = replace(DAG, rows=10_000, task_peak_bytes={"prepare": 304_000_000})
    large = replace(DAG, rows=1_000_000, task_peak_bytes={"prepare": 410_000_000, "verify": 560_000_000})

    table = task_table([small, large])

    assert table.head == ("worker's memory during", "10,000 rows", "1,000,000 rows")
    assert table.rows == [("prepare", "304 MB", "410 MB"), ("verify", "", "560 MB")]
