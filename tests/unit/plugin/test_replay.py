"""Rows of a run that are replayed: which of equal keys the table is to hold, and what is told of the run since."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import Policies, Verification, VerifyMode
from csvdynamo.datasets.write_rules import Write, WriteMode
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo_airflow.documents.outcome import ROWS_FILE
from csvdynamo_airflow.documents.run_line import REPORT_FILE
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.preparation.replay.held_rows import RunGoneError
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.workflow.find_replayed import ReplayError
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly
from tests.support.replay_chain import ReplayChain
from tests.unit.plugin.test_changed_chains import CARS, ROW, SETTINGS, written

_UNCHECKED = Verification(mode=VerifyMode.NONE)
ALL, CHANGED, INSERT = (replace(CARS, write=Write(mode), policies=Policies(verify=_UNCHECKED)) for mode in WriteMode)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_folder() as made, prepare_quickly(made):
        yield made


def of_policy(dataset: Dataset, policy: DuplicatePolicy) -> Dataset:
    return replace(dataset, policies=Policies(duplicates=policy, verify=_UNCHECKED))


def corrected(content: bytes, correct: Callable[[dict[str, str]], dict[str, str] | None]) -> bytes:
    """Correct the rows of an error CSV as a person does."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    text = io.StringIO(newline="")
    lines = csv.DictWriter(text, rows.fieldnames or ())
    lines.writeheader()
    lines.writerows(row for row in map(correct, rows) if row is not None)
    return text.getvalue().encode("utf-8-sig")


@settings(SETTINGS, max_examples=max(SETTINGS.max_examples // 4, 1))  # each has five runs
@given(
    before=st.lists(ROW, max_size=4),
    rows=st.lists(ROW, min_size=1, max_size=9),
    corrections=st.lists(ROW, min_size=9, max_size=9),
    failing=st.sampled_from([(), (), (0,), (1,)]),
    dataset=st.sampled_from([ALL, CHANGED, CHANGED]),
    policy=st.sampled_from(list(DuplicatePolicy)),
)
def test_the_table_is_as_if_the_corrected_file_had_been_one(
    before: Any, rows: Any, corrections: Any, failing: Any, dataset: Dataset, policy: DuplicatePolicy, folder: Path
) -> None:
    dataset = of_policy(dataset, policy)
    rows = [row for row in rows if "".join(row).strip()]  # a record without any value is no row, and has no number
    chain, whole = ReplayChain(folder), ReplayChain(folder)
    chain.go(written(before), dataset)
    whole.go(written(before), of_policy(ALL, policy))
    first = chain.go(written(rows), dataset, failing)
    as_one = list(rows)

    def correct(row: dict[str, str]) -> dict[str, str]:
        if row["_code"] == "BATCH_FAILED":
            return row
        number = int(row["_row"])
        as_one[number - 1] = corrections[number - 1]
        return {**row, **dict(zip(("id", "city", "year"), corrections[number - 1], strict=True))}

    content = corrected(chain.error_csv(first), correct)
    second = chain.replay(first, content, dataset)
    expected = whole.go(written(as_one), of_policy(ALL, policy))

    assert "LEFT_ALONE" not in {reject.code for reject in second.rejects}
    found, wanted = dict(chain.table.items), whole.table.items
    assert second.since is not None
    assert second.since.ledger == first.ledger
    if policy is DuplicatePolicy.REJECT:  # what a row of the first run has put there is not taken away
        assert wanted.keys() <= found.keys()
        return
    assert found == wanted
    assert second.since.rows_since == expected.ledger["written"]

    again = chain.replay(first, content, dataset)

    assert chain.table.items == found
    assert again.since is not None
    assert again.since.rows_since == second.since.rows_since


def mend(**cells: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda row: {**row, **cells}


def city(chain: ReplayChain, key: str) -> str:
    return chain.table.items[key]["city"]["S"]


BAD, GOOD = ("b", "old", "soon"), ("b", "Kent", "2020")


@pytest.mark.parametrize(
    ("policy", "rows", "wins"),
    [
        (DuplicatePolicy.FIRST, [BAD, ("c", "Ulm", "2021")], True),
        (DuplicatePolicy.FIRST, [("c", "Ulm", "2021"), BAD], False),
        (DuplicatePolicy.LAST, [BAD, ("c", "Ulm", "2021")], False),
        (DuplicatePolicy.LAST, [("c", "Ulm", "2021"), BAD], True),
        (DuplicatePolicy.REJECT, [("c", "Ulm", "2021"), BAD], False),
    ],
)
@pytest.mark.parametrize("dataset", [CHANGED, INSERT], ids=["changed", "insert"])
def test_a_row_that_is_corrected_to_a_key_of_the_table_vies_with_the_row_there_by_their_numbers(
    dataset: Dataset, policy: DuplicatePolicy, rows: Any, wins: bool, folder: Path
) -> None:
    chain = ReplayChain(folder)
    dataset = of_policy(dataset, policy)
    first = chain.go(written(rows), dataset)
    number = rows.index(BAD) + 1

    second = chain.replay(first, corrected(chain.error_csv(first), mend(id="c", year="2022")), dataset)

    assert second.since is not None
    # One row of the source is in the table in the place of another.
    assert (second.since.rows_then, second.since.rows_since) == (1, 1)
    replaces = wins and dataset.write.mode is not WriteMode.INSERT
    assert city(chain, "A_c") == ("old" if replaces or wins else "Ulm")
    if not wins:
        [reject] = second.rejects
        where = f"row {3 - number} of the run {first.run_id}"
        assert reject.message.startswith("id: ")
        assert where in reject.message


def test_rows_without_a_number_and_numbers_of_other_rows_come_last(folder: Path) -> None:
    chain = ReplayChain(folder)
    dataset = of_policy(ALL, DuplicatePolicy.LAST)
    first = chain.go(written([BAD, ("c", "Ulm", "2021")]), dataset)

    for told in ("", "2", "none", "7"):  # the second row is none that was left out
        content = corrected(chain.error_csv(first), mend(id="c", city=f"by {told}", year="2022", _row=told))
        second = chain.replay(first, content, dataset)

        assert city(chain, "A_c") == f"by {told}"
        assert second.since is not None
        assert second.since.rows_since == 0  # what a person added is no row of the source, and took the place of one


@pytest.mark.parametrize("under", [("b", "Kent", "2019"), None], ids=["over an earlier run's", "where nothing was"])
def test_what_somebody_else_has_put_there_is_left_alone(under: Any, folder: Path) -> None:
    chain = ReplayChain(folder)
    chain.go(written([under] if under else []) if under else written([("x", "", "")]), CHANGED)
    first = chain.go(written([BAD, ("c", "Ulm", "2021")]), CHANGED)
    theirs: Any = {"id": {"S": "A_b"}, "note": {"S": "mine"}}
    content = corrected(chain.error_csv(first), mend(year="2022"))
    before = chain.table.items.get("A_b")
    chain.table.items["A_b"] = theirs

    second = chain.replay(first, content, CHANGED)

    assert (chain.table.items["A_b"], [reject.code for reject in second.rejects]) == (theirs, ["LEFT_ALONE"])
    assert second.since is not None
    assert second.since.rows_since == second.since.rows_then

    if before is None:
        del chain.table.items["A_b"]
    else:
        chain.table.items["A_b"] = before
    third = chain.replay(first, content, CHANGED)

    assert (city(chain, "A_b"), third.ledger["written"]) == ("old", 1)


def test_the_next_run_writes_what_changed_since_the_replay(folder: Path) -> None:
    chain = ReplayChain(folder)
    rows = [BAD, ("c", "Ulm", "2021")]
    first = chain.go(written(rows), CHANGED)
    chain.replay(first, corrected(chain.error_csv(first), mend(year="2022")), CHANGED)

    found = chain.go(written([("b", "old", "2022"), ("c", "Ulm", "2021"), ("d", "new", "")]), CHANGED).prepared

    assert found.difference is not None
    assert (found.difference.new, found.difference.changed, found.difference.unchanged) == (1, 0, 2)
    assert found.difference.why_all == ""


def test_the_same_file_without_a_replay_is_written_over_what_the_replay_left(folder: Path) -> None:
    chain = ReplayChain(folder)
    dataset = of_policy(CHANGED, DuplicatePolicy.FIRST)
    first = chain.go(written([("c", "Ulm", "2021"), BAD, ("d", "old", "soon")]), dataset)
    content = corrected(chain.error_csv(first), lambda row: {**row, "year": "2022", "id": row["id"].replace("b", "c")})
    second = chain.replay(first, content, dataset)
    assert (second.ledger["written"], city(chain, "A_c")) == (1, "Ulm")

    third = chain.go(content, dataset)

    assert (third.ledger["written"], third.prepared.replay, city(chain, "A_c")) == (1, None, "old")


def test_the_rejects_of_a_replay_are_replayed_as_rows_of_the_first_run(folder: Path) -> None:
    chain = ReplayChain(folder)
    first = chain.go(written([("a", "x", "soon"), BAD, ("c", "Ulm", "2021")]), of_policy(ALL, DuplicatePolicy.FIRST))
    dataset = of_policy(ALL, DuplicatePolicy.FIRST)
    mend_one = lambda row: {**row, "year": "2022"} if row["id"] == "a" else row  # noqa: E731
    second = chain.replay(first, corrected(chain.error_csv(first), mend_one), dataset)

    # In the error CSV of the replay it is row 2, as in the source of the first run; its key is that of row 3 there.
    third = chain.replay(second, corrected(chain.error_csv(second), mend(id="c", year="2023")), dataset)

    assert city(chain, "A_c") == "old"
    assert third.since is not None
    assert third.since.run == first.run_id
    assert [one.run for one in third.since.replays] == [second.run_id, third.run_id]
    assert [(one.rows_added, one.rows_replaced) for one in third.since.replays] == [(1, 0), (1, 1)]


@pytest.mark.parametrize("policy", list(DuplicatePolicy))
def test_a_replay_that_is_cleared_writes_the_same_rows_and_counts_once(policy: DuplicatePolicy, folder: Path) -> None:
    chain = ReplayChain(folder)
    dataset = of_policy(CHANGED, policy)
    first = chain.go(written([BAD, ("c", "Ulm", "2021")]), dataset)
    content = corrected(chain.error_csv(first), mend(year="2022"))

    told = [chain.replay(first, content, dataset, run_id=run_id) for run_id in ("the same", "the same", "another")]

    assert [one.ledger["written"] for one in told] == [1, 1, 1]
    assert [one.since.rows_since for one in told if one.since] == [2, 2, 2]
    assert [len(one.since.replays) for one in told if one.since] == [1, 1, 2]


@pytest.mark.parametrize(("key", "since"), [("b", 2), ("c", 1)], ids=["under a key of its own", "over another row"])
def test_rows_that_a_replay_wrote_which_was_not_green_are_counted_by_one_that_is(
    key: str, since: int, folder: Path
) -> None:
    chain = ReplayChain(folder)
    dataset = of_policy(ALL, DuplicatePolicy.LAST)
    first = chain.go(written([("c", "Ulm", "2021"), BAD]), dataset)
    content = corrected(chain.error_csv(first), mend(id=key, year="2022"))

    chain.replay(first, content, dataset, green=False)
    told = [chain.replay(first, content, dataset).since for _ in range(2)]

    assert [one.rows_since for one in told if one] == [since, since]
    assert [one.replays[0].rows_added for one in told if one] == [1, 1]


def test_a_row_that_another_takes_the_place_of_and_that_comes_under_another_key_counts(folder: Path) -> None:
    chain = ReplayChain(folder)
    dataset = of_policy(ALL, DuplicatePolicy.FIRST)
    first = chain.go(written([("a", "one", "soon"), ("b", "two", "soon")]), dataset)
    second = lambda row: {**row, "id": "k", "year": "2022"} if row["id"] == "b" else row  # noqa: E731
    both = lambda row: {**row, "id": "k" if row["id"] == "a" else "m", "year": "2022"}  # noqa: E731

    told = [chain.replay(first, corrected(chain.error_csv(first), mend), dataset).since for mend in (second, both)]

    assert (city(chain, "A_k"), city(chain, "A_m")) == ("one", "two")
    assert [one.rows_since for one in told if one] == [1, 2]


@pytest.mark.parametrize("told", [None, b'"unaccounted": 1'], ids=["killed", "unaccounted"])
@pytest.mark.parametrize("written_then", [True, False])
@pytest.mark.parametrize("dataset", [ALL, CHANGED], ids=["all", "changed"])
def test_a_replay_that_does_not_tell_of_its_rows_keeps_none_from_coming_after_it(
    dataset: Dataset, written_then: bool, told: bytes | None, folder: Path
) -> None:
    chain, dataset = ReplayChain(folder), of_policy(dataset, DuplicatePolicy.FIRST)
    first = chain.go(written([BAD, ("c", "Ulm", "2021")]), dataset)
    content = corrected(chain.error_csv(first), mend(year="2022"))
    killed = chain.replay(first, corrected(content, mend(city="Hof")), dataset, green=False)
    report = f"{reports_prefix('cars', killed.prepared.execution_name)}{REPORT_FILE}"
    if told is None:
        del chain.s3.objects[report]
        del chain.s3.objects[f"{reports_prefix('cars', killed.prepared.execution_name)}{ROWS_FILE}"]
    else:
        chain.s3.objects[report] = chain.s3.objects[report].replace(b'"unaccounted": 0', told)
    if not written_then:
        del chain.table.items["A_b"]

    # A row of another number, that would lose to the one that was there.
    content = corrected(content, mend(city="Bonn", _row=""))
    second = chain.replay(first, content, dataset)

    assert (second.ledger["written"], city(chain, "A_b")) == (1, "Bonn")


def test_a_row_that_is_corrected_to_another_key_the_next_time_counts_once(folder: Path) -> None:
    chain = ReplayChain(folder)
    first = chain.go(written([BAD, ("c", "Ulm", "2021")]), ALL)

    for key in ("d", "e", "d"):
        told = chain.replay(first, corrected(chain.error_csv(first), mend(id=key, year="2022")), ALL).since

        assert told is not None
        assert told.rows_since == 2


def test_rows_of_batches_that_failed_come_back_whatever_was_written_of_them(folder: Path) -> None:
    chain = ReplayChain(folder)
    rows = [(key, "Kent", "2020") for key in "abcdefg"]
    first = chain.go(written(rows), CHANGED, failing=(0, 1))

    second = chain.replay(first, None, CHANGED)

    assert (second.ledger["written"], len(chain.table.items)) == (6, 7)
    assert second.since is not None
    assert second.since.rows_since == 7


def test_a_later_run_a_run_that_is_none_and_lost_files_are_refused(folder: Path) -> None:
    chain = ReplayChain(folder)
    first = chain.go(written([BAD]), CHANGED)
    with pytest.raises(ReplayError, match=r"no report of a run 'nobody'.*The last ones are: .*run of"):
        chain.find("nobody", CHANGED)
    report = f"reports/cars/{first.prepared.execution_name}/report.json"
    whole = chain.s3.objects[report]
    chain.s3.objects[report] = whole.replace(b'"unaccounted": 0', b'"unaccounted": 1')
    with pytest.raises(ReplayError, match="nobody knows of every row"):
        chain.find(first.run_id, CHANGED)
    chain.s3.objects[report] = whole.replace(b'"unstarted": 0', b'"unstarted": 3')
    with pytest.raises(ReplayError, match="3 of its rows were not migrated, and its error files do not have them"):
        chain.find(first.run_id, CHANGED)
    chain.s3.objects[report] = whole

    later = chain.go(written([GOOD]), CHANGED)
    with pytest.raises(ReplayError, match=f"The run {later.run_id} has written to the table since"):
        chain.find(first.run_id, CHANGED)
    del chain.s3.objects[f"reports/cars/{later.prepared.execution_name}/prepared.json"]
    with pytest.raises(ReplayError, match="left nothing that could be replayed"):
        chain.find(later.run_id, CHANGED)


def test_a_later_run_is_known_by_its_report_too_and_a_state_machine_made_anew_is_no_witness(folder: Path) -> None:
    chain = ReplayChain(folder)
    first = chain.go(written([BAD, ("c", "Ulm", "2021")]), ALL)
    content = corrected(chain.error_csv(first), mend(year="2022"))
    chain.replay(first, content, ALL)
    chain.states.started.clear()  # Step Functions lists them for 90 days
    chain.find(first.run_id, ALL)

    later = chain.go(written([BAD]), ALL)  # which writes no row
    del chain.states.started[later.prepared.execution_name]
    chain.find(first.run_id, ALL)
    latest = chain.go(written([GOOD]), ALL)
    del chain.states.started[latest.prepared.execution_name]
    with pytest.raises(ReplayError, match=f"The run {latest.run_id} has written to the table since"):
        chain.find(first.run_id, ALL)

    chain.states.made = latest.prepared.at + 1
    with pytest.raises(ReplayError, match="The state machine was made anew since the run"):
        chain.find(latest.run_id, ALL)


def test_a_source_without_the_columns_of_an_error_csv_is_refused(folder: Path) -> None:
    chain = ReplayChain(folder)
    first = chain.go(written([BAD]), CHANGED)

    with pytest.raises(SourceFileError, match="has not the columns _row, _code, _column, _message"):
        chain.replay(first, written([GOOD]), CHANGED)


def test_a_file_that_the_rows_are_settled_by_is_missed(folder: Path) -> None:
    chain = ReplayChain(folder)
    first = chain.go(written([BAD, ("c", "Ulm", "2021")]), CHANGED)
    del chain.s3.objects[first.prepared.file_key]

    with pytest.raises(RunGoneError, match="is gone, or was changed"):
        chain.replay(first, None, CHANGED)
