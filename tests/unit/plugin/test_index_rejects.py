"""A row that an index refuses is a reject like any other: it never takes the place of a row of its key."""

from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import Policies
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import IndexRules, Table
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.row_rules import DuplicatePolicy
from tests.hostile.in_process import migrate_bytes

LONG = "x" * 2049


@pytest.mark.parametrize("policy", DuplicatePolicy)
def test_a_row_that_an_index_refuses_never_wins(tmp_path: Path, policy: DuplicatePolicy) -> None:
    table = Table("tb_places", "id", index={"by_city": IndexRules("city")})
    places = Dataset("places", Source("https://example.org/p.csv", "p.csv"), table, policies=Policies(policy))
    text = f"id,city\nB,Paris\nA,{LONG}\nA,Roma\nA,{LONG}\nC,\n"

    migrated = migrate_bytes(text.encode(), places, tmp_path)

    assert migrated.table == {
        "A": {"id": {"S": "A"}, "city": {"S": "Roma"}},
        "B": {"id": {"S": "B"}, "city": {"S": "Paris"}},
        "C": {"id": {"S": "C"}},
    }
    assert {one.row: one.code for one in migrated.rejects} == dict.fromkeys((2, 4), RejectCode.TOO_LARGE)
    assert all("the partition key of the index by_city is 2,049 bytes" in one.message for one in migrated.rejects)
