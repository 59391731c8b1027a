import json
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import repeat

import pytest

from csvdynamo.errors import ResultFileError
from csvdynamo.records.result_files import Manifest, ResultFile
from csvdynamo.records.totals import Totals, execution_output, sum_results


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
