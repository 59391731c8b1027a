import json
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import repeat

import pytest

from csvdynamo.errors import ResultFileError
from csvdynamo.records.result_files import Manifest, ResultFile
from csvdynamo.records.totals import Totals, execution_output, read_totals, sum_results


def answer(written: int, rejected: int) -> bytes:
    ids = [f"{number:024d}" for number in range(rejected)]
    value = {"NUMBER_OF_ITEMS_WRITTEN": written, "NUMBER_OF_ITEMS_IN_ERROR": rejected, "REJECT_IDS": ids, "RULES": "0c"}
    return json.dumps(value).encode() + b"\n"


def unfinished(rows: int) -> bytes:
    batch = {"BatchInput": {"execution_name": "e"}, "Items": [{"A": "x"}] * rows}
    return json.dumps({"Status": "FAILED", "Input": json.dumps(batch)}).encode() + b"\n"


def file(key: str) -> ResultFile:
    return ResultFile(key, 1)


def test_rows_of_all_files_are_summed_by_what_became_of_them() -> None:
    manifest = Manifest(succeeded=(file("s0"), file("s1")), failed=(file("f0"),), pending=(file("p0"),))
    contents = {
        "s0": [answer(10, 1), answer(20, 0)],
        "s1": [answer(0, 5)],
        "f0": [unfinished(7), unfinished(2)],
        "p0": [unfinished(100)],
    }

    assert sum_results(manifest, contents.__getitem__) == Totals(written=30, rejected=6, failed=109)


def test_no_files_are_zeros() -> None:
    def never(key: str) -> Iterable[bytes]:
        raise AssertionError(key)

    assert sum_results(Manifest(), never) == Totals(0, 0, 0)


def test_a_damaged_file_is_an_error() -> None:
    with pytest.raises(ResultFileError, match="s0 line 2"):
        sum_results(Manifest(succeeded=(file("s0"),)), lambda _: [answer(1, 0) + b"{"])


def test_a_million_rejected_rows_are_summed_in_the_memory_of_a_few_batches() -> None:
    def chunks(_: str) -> Iterator[bytes]:
        batch = answer(0, 500)
        yield from repeat(batch, 2000)

    tracemalloc.start()
    try:
        totals = sum_results(Manifest(succeeded=(file("s0"),)), chunks)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert totals.rejected == 1_000_000
    assert peak < 1_000_000


def test_the_output_has_the_contracts_keys() -> None:
    output = execution_output(
        Totals(1_234, 5, 6), table_name="tb_cars", bucket="b", execution_name="run-1", manifest_key="results/m.json"
    )

    message = output.pop("MESSAGE")
    assert output == {
        "TOTAL_NUMBER_OF_ITEMS_WRITTEN": 1_234,
        "TOTAL_NUMBER_OF_ITEMS_IN_ERROR": 5,
        "TOTAL_NUMBER_OF_ITEMS_FAILED": 6,
        "DESTINATION_TABLE_NAME": "tb_cars",
        "MAP_RUN_RESULTS": "results/m.json",
        "ERROR_DATA_LOCATION": "s3://b/migration_errors/execution_name=run-1",
    }
    for words in ("run-1", "tb_cars", "written: 1,234", "error: 5", "started: 6", "s3://b/", "not yet verified"):
        assert words in message


def test_without_errors_there_is_no_error_location() -> None:
    output = execution_output(
        Totals(1, 0, 0), table_name="tb_cars", bucket="b", execution_name="run-1", manifest_key=None
    )

    assert "ERROR_DATA_LOCATION" not in output
    assert "s3://" not in output["MESSAGE"]
    assert "it had no items" in output["MESSAGE"]


def with_deletions(*answers: tuple[int, list[int]]) -> list[bytes]:
    told = json.loads(answer(1, 0))
    return [
        json.dumps({**told, "NUMBER_OF_ITEMS_DELETED": deleted, "DELETIONS_LEFT": left}).encode() + b"\n"
        for deleted, left in answers
    ]


def test_deletions_are_summed_beside_the_rows() -> None:
    rows = [{"_row": "1", "A": "x"}, {"_row": "-1", "A": "x"}, {"_row": "-2", "A": "x"}]
    batch = json.dumps({"Status": "FAILED", "Input": json.dumps({"Items": rows})}).encode()
    contents = {"s0": with_deletions((3, []), (4, [8, 9])), "f0": [batch], "p0": [batch]}
    manifest = Manifest(succeeded=(file("s0"),), failed=(file("f0"),), pending=(file("p0"),))

    assert sum_results(manifest, contents.__getitem__) == Totals(2, 0, 2, deleted=7, left=2, undeleted=4)


@pytest.mark.parametrize("totals", [Totals(1, deleted=1_234), Totals(1, left=2), Totals(1, undeleted=3)])
def test_what_became_of_deletions_is_in_the_output_and_read_back(totals: Totals) -> None:
    output = execution_output(totals, table_name="tb_cars", bucket="b", execution_name="run-1", manifest_key="m.json")

    assert output["TOTAL_NUMBER_OF_ITEMS_DELETED"] == totals.deleted
    assert output["TOTAL_NUMBER_OF_DELETIONS_LEFT"] == totals.left
    assert output["TOTAL_NUMBER_OF_DELETIONS_FAILED"] == totals.undeleted
    for words in (
        f"Items deleted: {totals.deleted:,}",
        f"Items left alone, as they were changed since: {totals.left:,}",
        f"Deletions in batches that failed: {totals.undeleted:,}",
    ):
        assert words in output["MESSAGE"]
    assert read_totals(json.dumps(output)) == totals


def test_an_output_without_deletions_says_nothing_of_any_and_is_read_all_the_same() -> None:
    totals = Totals(1, 2, 3)
    output = execution_output(totals, table_name="tb_cars", bucket="b", execution_name="run-1", manifest_key="m.json")

    assert not [key for key in output if "DELET" in key]
    assert "elet" not in output["MESSAGE"]
    assert read_totals(json.dumps(output)) == totals


@pytest.mark.parametrize(
    "output",
    [
        None,
        "",
        "{",
        "[]",
        "7",
        '"TOTAL_NUMBER_OF_ITEMS_WRITTEN"',
        "{}",
        '{"TOTAL_NUMBER_OF_ITEMS_WRITTEN": 1}',
        json.dumps({f"TOTAL_NUMBER_OF_ITEMS_{name}": "1" for name in ("WRITTEN", "IN_ERROR", "FAILED")}),
        json.dumps(
            {f"TOTAL_NUMBER_OF_ITEMS_{name}": 1 for name in ("WRITTEN", "IN_ERROR", "FAILED")}
            | {"TOTAL_NUMBER_OF_DELETIONS_LEFT": None}
        ),
    ],
)
def test_an_output_that_is_none_has_no_totals(output: str | None) -> None:
    assert read_totals(output) is None
