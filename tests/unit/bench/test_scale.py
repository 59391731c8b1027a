"""The plan's minutes beside the simulated ones: they agree, or the plan says that they will not be had."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench import scale
from bench.held import Held
from bench.scale import CASES, WITHIN, Case, Compared, compare
from bench.simulation.map_run import Simulated
from csvdynamo.datasets.table_rules import Billing, Table


def table(**settings: object) -> Table:
    return Table(name="tb_cars", partition_key="id", **settings)  # type: ignore[arg-type]


PROVISIONED = table(billing=Billing.PROVISIONED, write_units=500, read_units=1)


@pytest.mark.parametrize(
    "case",
    [
        Case("the vehicles", 250_000),
        Case("grows", 8_000_000),
        Case("1 at once", 3_000_000, max_concurrency=1),
        Case("3 at once", 500_000, 100, 3),
        Case("a row a batch", 10_000, 1, 200),
        Case("many at once, warm", 400_000, 250, 32, table(warm_write_units=8_000)),
        Case("at most 1,000", 100_000, table=table(max_write_units=1_000)),
        Case("provisioned", 3_000_000, table=PROVISIONED),
        Case("as many at once as are served in time", 250_000, 350, 200),
    ],
    ids=lambda case: case.what,
)
def test_the_plan_and_the_simulation_agree(case: Case) -> None:
    compared = compare(case)

    assert not case.is_told
    assert compared.simulated.succeeded
    assert abs(compared.off) <= WITHIN
    # Nothing is faster than its table, which keeps the units of its first second.
    assert compared.floor_seconds <= min(compared.planned_seconds, 1.01 * compared.simulated.seconds)


@pytest.mark.parametrize(
    ("case", "ends_well"),
    [
        (Case("twice as many as are served in time", 50_000, 350, 100, table(max_write_units=1_000)), True),
        (Case("many more", 7_000, 350, 20, table(max_write_units=5)), False),
        (Case("more than Lambda runs", 1_500, 1, 1_500, table(warm_write_units=40_000)), True),
    ],
    ids=lambda one: one.what if isinstance(one, Case) else "",
)
def test_where_the_simulation_is_slower_than_the_plan_the_plan_warns(case: Case, *, ends_well: bool) -> None:
    compared = compare(case)

    assert case.is_told
    assert compared.holds
    assert compared.simulated.succeeded is ends_well
    assert compared.off < -WITHIN or not ends_well


def test_a_hot_partition_is_seen_by_the_simulation_alone() -> None:
    hot = compare(Case("a fifth in one partition", 250_000, hot_share=0.2))

    # That partition has a fifth, and a quarter of the rest, at a thousand a second.
    assert hot.simulated.seconds == pytest.approx(250_000 * (0.2 + 0.8 / 4) / 1_000, rel=0.05)
    assert hot.planned_seconds == 62.5
    assert hot.holds


SIMULATED = Simulated(
    100.0, succeeded=True, redrives=0, invocations=10, out_of_time=0, refused=0, asks=1.0, skipped_seconds=0.0
)


@pytest.mark.parametrize(
    ("planned", "simulated", "holds"),
    [
        (115.0, SIMULATED, True),
        (116.0, SIMULATED, False),
        (84.0, SIMULATED, False),
        (100.0, replace(SIMULATED, succeeded=False), False),
    ],
)
def test_the_command_fails_where_the_plan_does_not_hold(
    planned: float, simulated: Simulated, holds: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bench.measured.FOLDER", tmp_path)
    monkeypatch.setattr(scale, "CASES", CASES[:1])
    monkeypatch.setattr(scale, "compare", lambda case: Compared(case, 62.5, planned, simulated, 0.1))

    if holds:
        scale.run(checked=False)
    else:
        with pytest.raises(SystemExit):
            scale.run(checked=False)


def test_each_case_is_a_line_whose_share_of_late_invocations_counts_the_refused() -> None:
    late = replace(SIMULATED, out_of_time=2, refused=10)

    shown = scale.table([Compared(CASES[0], 62.5, 115.0, late, 0.1)])

    assert [dict(zip(shown.head, line, strict=True))["late"] for line in shown.rows] == ["60.0%"]


def test_a_simulation_is_held_within_its_percentage() -> None:
    close, far = (Held("a Map Run", 100.0, seconds, "s", within=0.15) for seconds in (114.9, 84.0))

    assert close.told() == "a Map Run: measured 100.0 s, simulated 114.9, +14.9% (at most 15%)"
    assert far.told() == "a Map Run: measured 100.0 s, simulated 84.0, -16.0% (at most 15%): NOT HELD"
