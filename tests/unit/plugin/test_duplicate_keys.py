"""One row a key: which one, by the key that the core makes, among the rows that the rules accept."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import Policies
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo.rules.transforms import Lowercase, Prefix, Trim
from csvdynamo_airflow.preparation.prepare_file import prepare_file
from csvdynamo_airflow.preparation.profile import ruined_cells
from csvdynamo_airflow.preparation.reject_spool import write_records
from csvdynamo_airflow.storage.disk_space import DiskSpace

CARS = Dataset(
    name="cars",
    source=Source("https://example.org/c.csv", "c.csv"),
    table=Table("tb_cars", "id"),
    columns=(
        Column("id", required=True, transform=(Trim(), Lowercase(), Prefix("A_"))),
        Column("year", type=ColumnType.NUMBER),
    ),
)


def run(
    folder: Path, rows: list[tuple[str, str]], policy: DuplicatePolicy = DuplicatePolicy.LAST
) -> tuple[list[int], dict[int, str]]:
    """Return the numbers of the prepared rows, and the message of each reject by row."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("id", "year"), *rows])
    (folder / "source").write_text(text.getvalue(), encoding="utf-8", newline="")
    dataset = replace(CARS, policies=Policies(duplicates=policy))
    prepared = prepare_file(folder, dataset, "c.csv", lambda _done, _total: None)
    write_records(prepared.spools, folder / "records", "cars", "cars-1", DiskSpace(folder, "test"))
    with prepared.path.open(encoding="utf-8", newline="") as file:
        written = [int(row["_row"]) for row in csv.DictReader(file)]
    rejects = [Reject.from_json(line) for line in (folder / "records").read_bytes().splitlines()]
    assert [reject.row for reject in rejects] == sorted(reject.row or 0 for reject in rejects)
    assert {str(reject.code) for reject in rejects} <= {"DUPLICATE_KEY"}
    for reject in rejects:
        assert (reject.column, reject.item) == (
            "id",
            dict(zip(("id", "year"), rows[(reject.row or 0) - 1], strict=True)),
        )
    assert sum(prepared.rejects_by_code.values()) == len(rejects)
    return written, {reject.row or 0: reject.message for reject in rejects}


ROWS = [("1", "2001"), ("2", "2002"), ("1", "2003"), ("3", "2004"), ("1", "2005")]


def test_the_last_row_is_written_unless_the_data_set_says_otherwise(tmp_path: Path) -> None:
    assert CARS.policies.duplicates is DuplicatePolicy.LAST

    written, rejects = run(tmp_path, ROWS)

    assert written == [2, 4, 5]
    assert rejects == dict.fromkeys((1, 3), 'id: row 5 has the same key "A_1" and is written instead')


def test_the_first_row_is_written_where_the_data_set_says_so(tmp_path: Path) -> None:
    written, rejects = run(tmp_path, ROWS, DuplicatePolicy.FIRST)

    assert written == [1, 2, 4]
    assert set(rejects) == {3, 5}
    assert all("row 1 " in message for message in rejects.values())


def test_no_row_is_written_where_the_data_set_says_so(tmp_path: Path) -> None:
    written, rejects = run(tmp_path, ROWS, DuplicatePolicy.REJECT)

    assert written == [2, 4]
    assert rejects == {
        1: 'id: the same key "A_1" is in row 5 and 1 more, and none of them is written',
        3: 'id: the same key "A_1" is in row 1, row 5, and none of them is written',
        5: 'id: the same key "A_1" is in row 1 and 1 more, and none of them is written',
    }


def test_of_two_rows_of_one_key_each_names_the_other(tmp_path: Path) -> None:
    _, rejects = run(tmp_path, ROWS[:3], DuplicatePolicy.REJECT)

    assert {row: re.findall(r"row (\d)", message) for row, message in rejects.items()} == {1: ["3"], 3: ["1"]}


def test_of_many_rows_of_one_key_a_few_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    _, rejects = run(tmp_path, [("1", "")] * 5000, DuplicatePolicy.REJECT)

    assert len(rejects) == 5000
    assert rejects[2] == 'id: the same key "A_1" is in row 1, row 5000 and 4,997 more, and none of them is written'


def test_the_key_is_the_one_that_the_core_makes(tmp_path: Path) -> None:
    written, rejects = run(tmp_path, [("x", ""), (" X ", ""), ("x x", "")])

    assert (written, set(rejects)) == ([2, 3], {1})


@pytest.mark.parametrize(("policy", "winner"), [(DuplicatePolicy.FIRST, 2), (DuplicatePolicy.LAST, 3)])
def test_a_row_that_the_rules_refuse_never_wins_and_stays_in_the_file(
    tmp_path: Path, policy: DuplicatePolicy, winner: int
) -> None:
    written, rejects = run(tmp_path, [("1", "new"), ("1", "2"), ("1", "3"), ("1", "old")], policy)

    assert written == [1, winner, 4]
    assert set(rejects) == {5 - winner}


@pytest.mark.parametrize("policy", list(DuplicatePolicy))
def test_a_row_that_only_refused_rows_share_its_key_with_is_written(tmp_path: Path, policy: DuplicatePolicy) -> None:
    assert run(tmp_path, [("1", "new"), ("1", "2"), ("1", "old")], policy) == ([1, 2, 3], {})


@pytest.mark.parametrize("policy", list(DuplicatePolicy))
def test_blank_keys_are_no_duplicates_of_each_other(tmp_path: Path, policy: DuplicatePolicy) -> None:
    assert run(tmp_path, [("", "1"), ("  ", "2"), ("", "3")], policy) == ([1, 2, 3], {})


def test_losers_are_left_out_wherever_their_blocks_are(tmp_path: Path) -> None:
    rows = [(str(n % 7000), f"{n}") for n in range(12_000)]

    written, rejects = run(tmp_path, rows)

    assert written == list(range(5001, 12_001))
    assert sorted(rejects) == list(range(1, 5001))


def test_what_is_kept_beside_a_loser_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "source").write_text('id,note\n1,a\n2,"x, ""y"" \\ z\r\nw"\n1,b\n', encoding="utf-8", newline="")

    prepared = prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None)

    assert prepared.path.read_bytes() == b'_row,id,note\n"2","2","x, ""y"" \\\\ z\r\nw"\n3,1,b\n'


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["1", "2", " 1", "a", "A", "", "é", "É"]), st.sampled_from(["", "1", "x"]))),
    st.sampled_from(DuplicatePolicy),
)
def test_each_key_has_the_row_that_a_plain_count_gives_it(
    tmp_path: Path, rows: list[tuple[str, str]], policy: DuplicatePolicy
) -> None:
    rows = [row for row in rows if any(row)]  # a record without a value is no row
    accepted: dict[str, list[int]] = {}
    for number, (key, year) in enumerate(rows, start=1):
        if key and year != "x":
            accepted.setdefault(key.strip().lower(), []).append(number)
    place = {DuplicatePolicy.FIRST: 0, DuplicatePolicy.LAST: -1}
    winners = {
        numbers[place.get(policy, 0)]
        for numbers in accepted.values()
        if policy is not DuplicatePolicy.REJECT or len(numbers) == 1
    }
    expected = {number for numbers in accepted.values() for number in numbers} - winners

    written, rejects = run(tmp_path, rows, policy)

    assert set(rejects) == expected
    assert written == [number for number in range(1, len(rows) + 1) if number not in expected]


def test_the_profile_counts_what_the_columns_hold(tmp_path: Path) -> None:
    (tmp_path / "source").write_text('id,note\n1,\n2,a\\b\n3,"x\ny"\n4,é\n2,longer\n', encoding="utf-8", newline="")

    profile = prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None).profile

    assert json.loads(json.dumps(profile)) == {
        "rows": 4,
        "columns": {
            "id": {"empty": 0, "distinct": 4, "shortest": 1, "longest": 1},
            "note": {"empty": 1, "distinct": 3, "shortest": 1, "longest": 6},
        },
    }


@pytest.mark.parametrize("after", [0, 5_000])
def test_the_profile_counts_codes_that_a_spreadsheet_has_ruined(tmp_path: Path, after: int) -> None:
    lines = ['1,"1,95419E+13"', "2,1.2E+11", "3,########", " -1e+05 ,4", "5E+7,1E+10 m", "6,#", "7,A1E+05"]
    fill = [f"a{number},+x" for number in range(after)]
    (tmp_path / "source").write_text("\n".join(["id,note", *lines, *fill, ""]), encoding="utf-8")

    profile = prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None).profile

    assert profile is not None
    assert ruined_cells(profile) == {"id": 1, "note": 3}
    assert ruined_cells(None) == {}
    assert profile["columns"]["id"].keys() == {"empty", "distinct", "shortest", "longest", "ruined"}


def test_ruined_codes_that_cannot_be_counted_cost_no_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csvdynamo_airflow.preparation.profile.RUINED", "(")
    (tmp_path / "source").write_text("id,note\n1,1.2E+11\n", encoding="utf-8")

    profile = prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None).profile

    assert profile is not None
    assert profile["columns"]["note"] == {"empty": 0, "distinct": 1, "shortest": 7, "longest": 7}


def test_a_file_without_rows_has_no_profile(tmp_path: Path) -> None:
    (tmp_path / "source").write_text("id,note\n1\n", encoding="utf-8")

    assert prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None).profile is None


def test_a_thousand_columns_are_profiled_in_the_same_memory(tmp_path: Path) -> None:
    headers = ["id", *(f"c{n}" for n in range(1000))]
    rows = [[str(n), *[""] * 998, f"{n % 2}", "x"] for n in range(50)]
    (tmp_path / "source").write_text("\n".join(map(",".join, [headers, *rows])), encoding="utf-8")

    profile = prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None).profile

    assert profile is not None
    assert list(profile["columns"]) == headers
    assert profile["columns"]["c998"] == {"empty": 0, "distinct": 2, "shortest": 1, "longest": 1}
    assert profile["columns"]["c7"] == {"empty": 50, "distinct": 0, "shortest": None, "longest": None}


def test_a_file_that_cannot_be_profiled_is_prepared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csvdynamo_airflow.preparation.profile._length", lambda name: f"no_such_function({name})")

    written, rejects = run(tmp_path, ROWS)

    assert (written, set(rejects)) == ([2, 4, 5], {1, 3})


def test_a_date_is_the_same_key_however_it_is_written(tmp_path: Path) -> None:
    dates = replace(CARS, columns=(Column("id", type=ColumnType.DATE, formats=("%m/%d/%Y",)), CARS.columns[1]))
    (tmp_path / "source").write_text("id,year\n01/02/2024,1\n1/2/2024,2\n01/03/2024,3\n", encoding="utf-8")

    prepared = prepare_file(tmp_path, dates, "c.csv", lambda _done, _total: None, with_keys=True)

    assert prepared.rejects_by_code == {"DUPLICATE_KEY": 1}
    assert prepared.keys is not None
    assert prepared.keys.read_text() == '1,"2024-01-02"\n2,"2024-01-02"\n3,"2024-01-03"\n'


def test_the_keys_are_kept_as_the_table_has_them_where_they_are_wanted(tmp_path: Path) -> None:
    longest = "k" * 20_001
    text = f'id,year\n B ,1\n"a""\nb",2\n,3\n{longest},4\n'
    (tmp_path / "source").write_text(text, encoding="utf-8", newline="")

    prepared = prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None, with_keys=True)

    assert prepared.keys is not None
    assert prepared.keys.read_text() == '1,"A_b"\n2,"A_a""\nb"\n'
