from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import Policies
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.refusals import RefusedItem
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo.rules.rows import RowConverter
from csvdynamo.rules.wire_items import WireItem
from csvdynamo.writing.batch import Batch
from csvdynamo.writing.migration import Outcome, migrate
from tests.support.write_door import off_the_wire

MakeDataset = Callable[[str], Dataset]


class Table:
    """A table that refuses some values of the attribute `make`."""

    def __init__(self, refuses: Sequence[str] = ()) -> None:
        self.refuses = refuses
        self.items: dict[str, Item] = {}

    def write(self, texts: Sequence[WireItem]) -> list[RefusedItem]:
        items = [off_the_wire(one.text) for one in texts]
        keys = [item["car_id"]["S"] for item in items]
        assert len(keys) == len(set(keys)), "one call never has the same key twice"
        refused = []
        for index, item in enumerate(items):
            if item.get("make", {}).get("S") in self.refuses:
                refused.append(RefusedItem(index, "too odd"))
            else:
                self.items[item["car_id"]["S"]] = item
        return refused


def run(dataset: Dataset, table: Table, *rows: dict[str, str]) -> Outcome:
    return migrate(Batch("run-1", rows), RowConverter(dataset.rules), table.write)


def summary(outcome: Outcome) -> list[tuple[int | None, str, str, str | None]]:
    return [(reject.row, reject.stage, reject.code, reject.column) for reject in outcome.rejects]


def test_each_row_is_stored_or_rejected_in_the_batchs_order(make_dataset: MakeDataset) -> None:
    table = Table(refuses=["odd"])

    outcome = run(
        make_dataset('[columns.Year]\ntype = "number"'),
        table,
        {"_row": "1", "Car ID": "a", "Make": "odd", "Year": "1"},
        {"_row": "2", "Car ID": "b", "Make": "fine", "Year": "2"},
        {"_row": "3", "Car ID": "c", "Make": "fine", "Year": "x"},
        {"_row": "4", "Car ID": "", "Make": "fine", "Year": "4"},
    )

    assert outcome.written == 1
    assert table.items.keys() == {"b"}
    assert summary(outcome) == [
        (1, "write", "DYNAMODB_REFUSED", None),
        (3, "validate", "BAD_TYPE", "Year"),
        (4, "validate", "MISSING_KEY", "Car ID"),
    ]
    assert outcome.rejects[0].message == "too odd"
    assert outcome.rejects[0].item == {"Car ID": "a", "Make": "odd", "Year": "1"}


def test_of_the_same_key_the_last_row_is_stored_and_named_in_the_others(make_dataset: MakeDataset) -> None:
    table = Table()

    outcome = run(
        make_dataset(""),
        table,
        {"_row": "1", "Car ID": "a", "Make": "first"},
        {"_row": "2", "Car ID": "a", "Make": "second"},
        {"_row": "3", "Car ID": "a", "Make": "third"},
    )

    assert table.items["a"]["make"] == {"S": "third"}
    assert summary(outcome) == [(row, "validate", "DUPLICATE_KEY", "Car ID") for row in (1, 2)]
    assert all("row 3" in reject.message and '"a"' in reject.message for reject in outcome.rejects)


def test_of_the_same_key_the_first_row_is_stored_if_the_data_set_says_so(make_dataset: MakeDataset) -> None:
    table = Table(refuses=["odd"])

    outcome = run(
        replace(make_dataset(""), policies=Policies(duplicates=DuplicatePolicy.FIRST)),
        table,
        {"_row": "1", "Car ID": "a", "Make": "odd"},
        {"_row": "2", "Car ID": "a", "Make": "second"},
        {"_row": "3", "Car ID": "a", "Make": "third"},
        {"_row": "4", "Car ID": "b", "Make": "only"},
    )

    assert table.items["a"]["make"] == {"S": "second"}
    assert outcome.written == 2
    assert summary(outcome) == [(1, "write", "DYNAMODB_REFUSED", None), (3, "validate", "DUPLICATE_KEY", "Car ID")]
    assert "row 2" in outcome.rejects[1].message


def test_of_the_same_key_no_row_is_stored_if_the_data_set_says_so(make_dataset: MakeDataset) -> None:
    table = Table()

    outcome = run(
        replace(make_dataset(""), policies=Policies(duplicates=DuplicatePolicy.REJECT)),
        table,
        {"_row": "1", "Car ID": "a"},
        {"_row": "2", "Car ID": "b"},
        {"_row": "3", "Car ID": "a"},
    )

    assert table.items.keys() == {"b"}
    assert outcome.written == 1
    assert summary(outcome) == [(row, "validate", "DUPLICATE_KEY", "Car ID") for row in (1, 3)]
    assert all('"a"' in reject.message and '"reject"' in reject.message for reject in outcome.rejects)


@pytest.mark.parametrize("policy", ["first", "last"])
def test_of_the_same_key_one_row_is_stored_even_if_the_rules_refuse_all_others(
    make_dataset: MakeDataset, policy: str
) -> None:
    table = Table()
    dataset = make_dataset('[columns.Year]\ntype = "number"')

    outcome = run(
        replace(dataset, policies=Policies(duplicates=DuplicatePolicy(policy))),
        table,
        {"_row": "1", "Car ID": "a", "Year": "x"},
        {"_row": "2", "Car ID": "a", "Year": "2"},
        {"_row": "3", "Car ID": "a", "Year": "x"},
    )

    assert table.items["a"]["year"] == {"N": "2"}
    assert [code for _, _, code, _ in summary(outcome)] == ["BAD_TYPE", "BAD_TYPE"]


def test_without_row_numbers_the_winner_is_named_by_its_position(make_dataset: MakeDataset) -> None:
    outcome = run(make_dataset(""), Table(), {"Car ID": "a"}, {"Car ID": "b"}, {"Car ID": "a"})

    assert "position 2 of the batch" in outcome.rejects[0].message


def test_a_row_that_the_rules_refuse_never_wins(make_dataset: MakeDataset) -> None:
    table = Table()

    outcome = run(
        make_dataset('[columns.Year]\ntype = "number"'),
        table,
        {"_row": "1", "Car ID": "a", "Year": "1"},
        {"_row": "2", "Car ID": "a", "Year": "x"},
    )

    assert table.items["a"]["year"] == {"N": "1"}
    assert summary(outcome) == [(2, "validate", "BAD_TYPE", "Year")]


def test_a_row_that_dynamodb_refuses_never_wins(make_dataset: MakeDataset) -> None:
    table = Table(refuses=["odd"])

    outcome = run(
        make_dataset(""),
        table,
        {"_row": "1", "Car ID": "a", "Make": "first"},
        {"_row": "2", "Car ID": "a", "Make": "second"},
        {"_row": "3", "Car ID": "a", "Make": "odd"},
        {"_row": "4", "Car ID": "b", "Make": "odd"},
    )

    assert table.items["a"]["make"] == {"S": "second"}
    assert outcome.written == 1
    assert summary(outcome) == [
        (1, "validate", "DUPLICATE_KEY", "Car ID"),
        (3, "write", "DYNAMODB_REFUSED", None),
        (4, "write", "DYNAMODB_REFUSED", None),
    ]
    assert "row 2" in outcome.rejects[0].message


def test_a_batch_without_rows_makes_no_call(make_dataset: MakeDataset) -> None:
    def never(_: Sequence[WireItem]) -> list[RefusedItem]:
        raise AssertionError("called")

    assert migrate(Batch("run-1", ()), RowConverter(make_dataset("").rules), never) == Outcome(0, [])


_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Car ID": st.sampled_from(["", "a", "b", "c"]),
            "Make": st.sampled_from(["x", "odd"]),
            "Year": st.sampled_from(["1", "?"]),
        }
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_ROWS)
def test_the_last_acceptable_row_of_each_key_is_stored_and_every_row_counted(
    make_dataset: MakeDataset, rows: list[dict[str, str]]
) -> None:
    table = Table(refuses=["odd"])
    numbered = [{"_row": str(number), **row} for number, row in enumerate(rows, 1)]

    outcome = run(make_dataset('[columns.Year]\ntype = "number"'), table, *numbered)

    good = {
        row["Car ID"]: number
        for number, row in enumerate(rows, 1)
        if row["Car ID"] and row["Make"] == "x" and row["Year"] == "1"
    }
    assert table.items.keys() == good.keys()
    assert outcome.written == len(good)
    rejected = [reject.row for reject in outcome.rejects]
    assert rejected == [number for number in range(1, len(rows) + 1) if number not in good.values()]
    assert len({reject.reject_id for reject in outcome.rejects}) == len(rejected)


def test_a_reject_whose_code_changes_keeps_its_id(make_dataset: MakeDataset) -> None:
    rows = ({"_row": "9", "Car ID": "a", "Make": "odd"},)

    refused = run(make_dataset(""), Table(refuses=["odd"]), *rows).rejects[0]
    invalid = run(make_dataset('[columns.Make]\ntype = "number"'), Table(), *rows).rejects[0]

    assert (refused.code, invalid.code) == (RejectCode.DYNAMODB_REFUSED, RejectCode.BAD_TYPE)
    assert refused.reject_id == invalid.reject_id
