"""What the rows of a prepared file let expect of the table."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.records.rejects import reject_id
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo_airflow.preparation.file_rows import PreparedRow, read_file_rows
from csvdynamo_airflow.preparation.prepared_rows import format_rows
from csvdynamo_airflow.table.expected_items import Expectations, RowOutcomes, draw
from csvdynamo_airflow.table.lifetimes import Lifetimes
from csvdynamo_airflow.table.table_check import Expected, RowOutcome

CARS = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"

[table]
name = "tb_cars"
partition_key = "id"

[columns."Car ID"]
rename = "id"
transform = [{ prefix = "A_" }]

[columns."Year"]
type = "number"

[columns."Make"]
required = true
"""

ALL_WRITTEN = RowOutcomes("cars-1", bytes(1000))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    path = tmp_path_factory.mktemp("datasets") / "cars.toml"
    path.write_text(CARS, encoding="utf-8")
    return load_dataset(path)


def row(number: int, key: str | None = None, year: str = "2020", make: str = "OTTER") -> PreparedRow:
    return {ROW_NUMBER_HEADER: str(number), "Car ID": str(number) if key is None else key, "Year": year, "Make": make}


def rejected(*rows: int, unfinished: tuple[int, ...] = ()) -> RowOutcomes:
    return RowOutcomes("cars-1", bytes(1 if number in unfinished else 2 * (number in rows) for number in range(1000)))


def test_until_when_an_item_lives_is_that_of_the_row_that_makes_it(dataset: Dataset) -> None:
    lifetimes = Lifetimes("Year", 9)
    expectations = Expectations(dataset, rejected(8), lifetimes)

    for number in (7, 8, 9):
        expectations.of(row(number, year="" if number == 9 else "1700000000"))

    assert [lifetimes.has_ended(number, 1_700_000_001) for number in (7, 8, 9)] == [True, False, False]


def test_a_written_row_lets_expect_the_item_that_the_core_makes(dataset: Dataset) -> None:
    assert Expectations(dataset, ALL_WRITTEN).of(row(7)) == Expected(
        "A_7", 7, RowOutcome.WRITTEN, {"id": {"S": "A_7"}, "Year": {"N": "2020"}, "Make": {"S": "OTTER"}}
    )


@pytest.mark.parametrize("refused", [{"year": "no number"}, {"make": ""}, {}])
def test_of_a_rejected_row_only_its_key_is_known(dataset: Dataset, refused: dict[str, str]) -> None:
    expected = Expectations(dataset, rejected(7)).of(row(7, **refused))

    assert expected == Expected("A_7", 7, RowOutcome.REJECTED, None)


def test_of_a_rejected_row_without_a_key_nothing_is_looked_for(dataset: Dataset) -> None:
    assert Expectations(dataset, rejected(7)).of(row(7, key="")) is None


def test_an_unfinished_row_lets_expect_its_item_unless_the_rules_refuse_it(dataset: Dataset) -> None:
    expectations = Expectations(dataset, rejected(unfinished=(7, 8)))

    good, refused = expectations.of(row(7)), expectations.of(row(8, year="x"))

    assert good is not None
    assert refused is not None
    assert (good.outcome, good.item is None) == (RowOutcome.UNFINISHED, False)
    assert (refused.outcome, refused.item) == (RowOutcome.REJECTED, None)


def test_without_result_files_every_row_is_unfinished() -> None:
    assert RowOutcomes("cars-1", None).of(10**6) is RowOutcome.UNFINISHED


def test_a_row_whose_reject_did_not_arrive_is_told_by_its_id() -> None:
    outcomes = RowOutcomes("cars-1", bytes(1000), frozenset({reject_id("cars-1", 7)}))

    assert [outcomes.of(row) for row in (6, 7)] == [RowOutcome.WRITTEN, RowOutcome.REJECTED]


@pytest.mark.parametrize("key", ["7", ""])
def test_a_row_called_written_that_the_rules_refuse_can_be_met_by_no_item(dataset: Dataset, key: str) -> None:
    expected = Expectations(dataset, ALL_WRITTEN).of(row(7, key=key, make=""))

    assert expected == Expected("A_7" if key else "", 7, RowOutcome.WRITTEN, None)


# the sample


def numbers(sample: list[Expected]) -> list[int]:
    return [one.row for one in sample]


@settings(deadline=None)
@given(
    rows=st.integers(0, 300),
    size=st.integers(1, 320),
    seed=st.text(max_size=5),
    lost=st.sets(st.integers(1, 300)),
    order=st.randoms(use_true_random=False),
)
def test_a_sample_has_as_many_rows_as_asked_none_of_them_rejected_and_whatever_the_order(
    dataset: Dataset, rows: int, size: int, seed: str, lost: set[int], order: object
) -> None:
    outcomes = rejected(*lost)
    file = [row(number) for number in range(1, rows + 1)]

    sample = numbers(Expectations(dataset, outcomes).sample(file, seed, size))

    assert len(sample) == min(size, len(set(range(1, rows + 1)) - lost))
    assert sample == sorted(set(sample) - lost)
    order.shuffle(file)  # type: ignore[attr-defined]
    assert numbers(Expectations(dataset, outcomes).sample(file, seed, size)) == sample


def test_a_sample_is_the_files_and_spread_all_over_it(dataset: Dataset) -> None:
    expectations = Expectations(dataset, ALL_WRITTEN)
    file = [row(number) for number in range(1, 1000)]

    sample = numbers(expectations.sample(file, "one file", 100))

    assert [sum(tenth * 100 < number <= tenth * 100 + 100 for number in sample) > 0 for tenth in range(10)] == [
        True
    ] * 10
    assert numbers(expectations.sample(file, "another file", 100)) != sample


def test_a_larger_sample_holds_the_smaller_one(dataset: Dataset) -> None:
    expectations = Expectations(dataset, ALL_WRITTEN)
    file = [row(number) for number in range(1, 500)]

    assert set(numbers(expectations.sample(file, "s", 10))) < set(numbers(expectations.sample(file, "s", 11)))


def test_rejected_rows_give_way_to_others_and_leave_the_rest_of_the_sample_as_it_is(dataset: Dataset) -> None:
    file = [row(number) for number in range(1, 500)]
    all_written = numbers(Expectations(dataset, ALL_WRITTEN).sample(file, "s", 20))

    lost = all_written[3]
    sample = numbers(Expectations(dataset, rejected(lost)).sample(file, "s", 20))

    assert set(all_written) - set(sample) == {lost}
    assert len(sample) == 20


# the prepared file


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write_text(text: str) -> Path:
        path = tmp_path / "prepared"
        path.write_bytes(text.encode())
        return path

    return write_text


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(deadline=None)
@given(cells=st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_every_cell_that_prepare_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("file") / "prepared"
    rows = [[number, *fields] for number, fields in enumerate(cells, 1)]
    path.write_bytes(format_rows([[ROW_NUMBER_HEADER, "a\\b", "c"], *rows]).encode())

    assert [list(read.items()) for read in read_file_rows(path)] == [
        [(ROW_NUMBER_HEADER, str(number)), ("a\\b", one), ("c", two)] for number, (one, two) in enumerate(cells, 1)
    ]


def test_a_cell_may_be_as_long_as_a_batch(write: Callable[[str], Path]) -> None:
    [read] = read_file_rows(write(f"_row,a\n1,{'x' * 262_144}\n"))

    assert len(read["a"]) == 262_144


# deletions


def deletions(count: int) -> list[Expected]:
    return [Expected(f"A_{number}", -number, RowOutcome.DELETED, None) for number in range(1, count + 1)]


def test_the_deletions_that_are_looked_for_are_the_same_at_every_attempt_and_of_any_order() -> None:
    drawn = draw(iter(deletions(500)), "one file", 20)

    assert len(drawn) == len({one.row for one in drawn}) == 20
    assert [one.row for one in drawn] == sorted((one.row for one in drawn), reverse=True)
    assert draw(deletions(500)[::-1], "one file", 20) == drawn
    assert draw(deletions(500), "another file", 20) != drawn
    assert {one.row for one in drawn} < {one.row for one in draw(deletions(500), "one file", 21)}
    assert max(-one.row for one in drawn) > 100


@pytest.mark.parametrize(("count", "size"), [(0, 5), (3, 5), (5, 5), (5, 0)])
def test_no_more_are_drawn_than_there_are_or_are_asked_for(count: int, size: int) -> None:
    assert draw(deletions(count), "s", size) == (deletions(count) if size else [])
