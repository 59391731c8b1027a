"""The page of results: what was measured, how the aims were met, and what is missing."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from bench.aims import AIMS, judge
from bench.dag_run import DagRun
from bench.handler_bench import WayRun
from bench.load_bench import DEFAULT_ROWS
from bench.machine import Machine
from bench.measured import Measured
from bench.memory_bench import SizeRun, memory_that_follows
from bench.parse_bench import ParseRun
from bench.prepare_bench import DEFAULT_BYTES, Measurement
from bench.profile_bench import ProfileRun
from bench.results import PARTS, results
from bench.whole_bench import DEFAULT_ROWS as REGISTER
from bench.whole_bench import PutCsv, WholeRun

MACHINE = Machine(2, "Example 7", 8 * 2**30, "Linux x86_64", {"Python": "3.11.7", "duckdb": "2.0.0"})
LEDGER = {
    "source_rows": REGISTER,
    "rejected_before_upload": 0,
    "written": REGISTER,
    "rejected": 0,
    "failed": 0,
    "unstarted": 0,
    "unaccounted": 0,
}
DAG = DagRun(
    rows=REGISTER,
    seconds=70.0,
    step_seconds={"download": 1.0, "prepare": 2.0, "start": 1.0, "wait": 49.0, "verify": 6.0},
    worker_peak_bytes=400_000_000,
    lambda_peak_bytes=60_000_000,
    lambda_limit_bytes=512 * 2**20,
    ledger=LEDGER,
)


def measured(*runs: Any, **asked: Any) -> Measured:
    return Measured("2026-11-27 09:00", 0.25, MACHINE, asked, [asdict(run) for run in runs])


def way(name: str, cpu_seconds: float, delay: int = 0, seconds: float = 2.0) -> WayRun:
    return WayRun(name, delay, 12_000, seconds, cpu_seconds, 0.4, 80_000_000)


def reading(reader: str, seconds: float, size: int = DEFAULT_BYTES) -> Measurement:
    return Measurement(reader, size, 9_000_000, seconds, seconds, 60_000_000)


HANDLER = measured(
    *(
        way(name, cpu, delay, took)
        for delay in (0, 10)
        for name, cpu, took in (("sample", 6.0, 18), ("handler", 1.0, 2))
    ),
    *(
        way(name, cpu, delay, took)
        for delay in (0, 10)
        for name, cpu, took in (("sample", 12.0, 30), ("handler", 1.0, 2))
    ),
    *(
        way(name, cpu, delay, took)
        for delay in (0, 10)
        for name, cpu, took in (("sample", 4.0, 12), ("handler", 1.0, 2))
    ),
    rows=12_000,
    runs=3,
)
ALL: dict[str, Measured | None] = {
    "handler": HANDLER,
    "profile": measured(
        ProfileRun({"a/auth.py sign": 0.3, "b/rows.py write": 0.2, "b/rows.py check": 0.15, "c/json.py loads": 0.1}),
        ProfileRun({"a/auth.py sign": 0.2, "b/rows.py write": 0.3, "c/json.py loads": 0.1, "d/io.py read": 0.05}),
    ),
    "memory": measured(SizeRun(350, 0.02, 60_000_000), SizeRun(350, 0.03, 70_000_000)),
    "prepare": measured(
        *(reading("csv", 1.0, 10**6), reading("prepare", 9.0, 10**6)),
        *(reading("csv", 10.0), reading("prepare", 21.0)),
        bytes=DEFAULT_BYTES,
        rows=None,
    ),
    "whole": measured(WholeRun(DAG, PutCsv(80.0, 75.0, 300_000_000)), rows=REGISTER),
    "load": measured(DAG, rows=[10_000, DEFAULT_ROWS]),
    "parse": measured(ParseRun(3.0, 0.5)),
}


def verdict(sentence: str, **found: Measured | None) -> Any:
    [aim] = [aim for aim in AIMS if sentence in aim.sentence]
    return judge(aim, (ALL | found)[aim.part])


def test_an_aim_is_judged_by_the_median_and_a_ratio_is_taken_turn_by_turn() -> None:
    judged = verdict("to the sample's way")

    assert (judged.figure, judged.reached, judged.told) == ("6.00 (4.00 to 12.00)", True, "reached")


def test_a_missed_aim_says_by_how_much_whether_it_is_a_least_or_a_most() -> None:
    rows_a_second, beside = verdict("10 ms: at least"), verdict("in the same turn")
    prepare = verdict("csv module", prepare=measured(reading("csv", 10.0), reading("prepare", 27.5)))

    assert (rows_a_second.figure, rows_a_second.told) == ("6,000", "**not reached**, by 60%")
    assert (beside.figure, beside.reached) == ("9.00 (6.00 to 15.00)", True)
    assert (prepare.figure, prepare.told) == ("2.75", "**not reached**, by 25%")


def test_an_aim_for_a_size_is_not_judged_by_less() -> None:
    small = verdict("csv module", prepare=measured(reading("csv", 1.0, 10**6), reading("prepare", 1.0, 10**6)))
    few = verdict("register's rows: at most 8", whole=measured(WholeRun(replace(DAG, rows=5), PutCsv(1, 1, 1))))

    assert (small.figure, small.reached, few.reached) == ("1.00", None, None)
    assert small.told == few.told == "not judged: it was measured with less than the aim is for"


@pytest.mark.parametrize(
    ("sentence", "figure"),
    [
        ("first answer", "400 ms"),
        ("register's rows: at most 8", "9.0 s"),
        ("register's rows: at most 15", "20.0 s"),
        ("parsing `dags/`", "0.50 s"),
        ("csv module", "2.10"),
    ],
)
def test_each_aim_has_its_figure(sentence: str, figure: str) -> None:
    assert verdict(sentence).figure == figure


def test_the_page_has_every_part_and_tells_what_was_tried_of_missed_aims_alone() -> None:
    page = results(ALL)

    for part in PARTS:
        assert f"## {part.title}\n\n{part.told}\n\n|" in page, part.name
    assert "not measured" not in page.lower()
    reached, missed = (next(aim for aim in AIMS if text in aim.sentence) for text in ("first answer", "10 ms:"))
    assert missed.tried in page
    assert missed.would_take in page
    assert reached.tried not in page
    assert page.count("**not reached**") == page.count("Tried: ") == 3


def test_what_was_not_measured_is_said_to_be_missing() -> None:
    page = results({**ALL, "whole": None})

    assert "| whole | not measured |  |  |" in page
    assert "**Not measured**: `python -m bench whole`." in page
    assert page.count("|  | not measured |") == 2  # its aims


def test_the_page_says_when_and_of_what_and_a_second_machine() -> None:
    other = replace(HANDLER, machine=replace(MACHINE, cores=64))

    page = results({**ALL, "handler": other})

    assert "| load | 2026-11-27 09:00 UTC | rows 10,000 and 1,000,000 | 0.2 |" in page
    assert "| prepare | 2026-11-27 09:00 UTC | bytes 2,000,000,000 | 0.2 |" in page
    assert "\nhandler: 64 cores of Example 7, 8.0 GiB of memory, Linux x86_64; Python 3.11.7, duckdb 2.0.0." in page
    assert "2 cores of Example 7, 8.0 GiB of memory, Linux x86_64; Python 3.11.7, duckdb 2.0.0.\n" in results(ALL)


def test_the_top_three_costs_are_named_by_their_medians() -> None:
    page = results(ALL)

    assert (
        "| `b/rows.py` | 32.5% (30.0% to 35.0%) | write |\n"
        "| `a/auth.py` | 25.0% (20.0% to 30.0%) | sign |\n"
        "| `c/json.py` | 10.0% | loads |\n"
    ) in page
    assert "d/io.py" not in page


@pytest.mark.parametrize(("held", "follows"), [(60e6, 128), (67e6, 128), (68e6, 192), (500e6, 1024)])
def test_the_memory_that_follows_is_the_least_of_twice_what_was_held(held: float, follows: int) -> None:
    assert memory_that_follows(held) == follows
