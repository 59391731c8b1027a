"""A source that the last green run migrated is not read again, unless anything of that is in doubt."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset, Gates
from csvdynamo.datasets.policies import GateAction, OnChange, Policies, SchemaPolicy
from csvdynamo.datasets.protection import Protection
from csvdynamo.datasets.write_rules import UnknownKeys, Vanished, Write, WriteMode
from csvdynamo.records.rejects import Reject, reject_id
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.gates.row_mark import mark_key
from csvdynamo_airflow.preparation import prepare
from csvdynamo_airflow.preparation.same_source import made_by
from csvdynamo_airflow.schema.schema_memory import memory_key
from csvdynamo_airflow.snapshots.kept_runs import keep_prepared, prepared_document_key
from csvdynamo_airflow.snapshots.pointer import pointer_key
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly
from tests.support.run_chain import Chain, Ran
from tests.unit.plugin.test_changed_chains import CARS, OTHER_RULES, written

A, B, C, D = ("a", "Kent", "2020"), ("b", "Köln", "2021"), ("c", "Ulm", "2022"), ("d", "", "2023")
SOURCE = written([A, B, C], extra=1)
"""Prepare rejects its first row, which is too long."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_folder() as made, prepare_quickly(made):
        yield made


@pytest.fixture
def chain(folder: Path) -> Chain:
    return Chain(folder)


def same(prepared: Prepared) -> str:
    """The run that the source is told to be of, "" where it was read."""
    assert prepared.difference is not None
    return prepared.difference.same_source


def counts(prepared: Prepared) -> tuple[int, ...]:
    found = prepared.difference
    assert found is not None
    return found.new, found.changed, found.unchanged, found.vanished, prepared.rejected


def first(chain: Chain, dataset: Dataset = CARS, source: bytes = SOURCE) -> Ran:
    """A green run of the source."""
    return chain.run(source, dataset)


def test_the_same_source_is_not_read_again_as_often_as_it_comes(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = first(chain)
    table, pointer = dict(chain.table.items), chain.s3.objects[pointer_key("cars")]
    monkeypatch.setattr(prepare, "prepare_file", lambda *_, **__: pytest.fail("it was read"))

    again = [chain.run(SOURCE, CARS).prepared for _ in range(3)]

    assert [same(one) for one in again] == [ran.prepared.execution_name] * 3  # the chain's runs are called as these
    assert [counts(one) for one in again] == [(0, 0, 2, 0, 1)] * 3
    assert len({one.execution_name for one in (*again, ran.prepared)}) == 4
    assert all(one.is_in_the_table and one.base == again[0].base for one in again)
    assert (chain.table.items, chain.s3.objects[pointer_key("cars")]) == (table, pointer)


def test_what_is_handed_on_is_what_prepare_would_have_made(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = replace(CARS, gates=replace(CARS.gates, all_rules=True), write=Write(WriteMode.CHANGED, Vanished.REPORT))
    first(chain, dataset, written([A, B, ("c", "Bonn", "2022"), D]))
    first(chain, dataset)
    known = chain.prepare(SOURCE, dataset)
    monkeypatch.setattr(prepare, "hand_on", lambda *_, **__: None)

    read = chain.prepare(SOURCE, dataset)

    def told(prepared: Prepared) -> dict[str, Any]:
        """All that is not the run's own; keys of the bucket as what is there."""
        found = json.loads(json.dumps(prepared.to_json()).replace(prepared.execution_name, "run"))
        own = ("file_key", "sha256", "bytes", "digests_key", "digests_sha256", "at", "same_source")
        listed = chain.s3.objects[found["difference"]["vanished_key"].replace("/run/", f"/{prepared.execution_name}/")]
        return {
            **found,
            "at": 0,
            "source": {**found["source"], "url": "", "last_modified": ""},
            "difference": {name: value for name, value in found["difference"].items() if name not in own},
            "listed": listed,
        }

    assert (same(known) != "", same(read)) == (True, "")
    assert told(known) == told(read)
    assert counts(read) == (0, 0, 2, 2, 1)


def test_what_prepare_rejected_is_rejected_again_in_the_runs_own_name(chain: Chain) -> None:
    ran = first(chain)

    again = chain.prepare(SOURCE, CARS)

    def rejects(prepared: Prepared) -> list[Reject]:
        assert prepared.rejects_key is not None
        return list(map(Reject.from_json, chain.s3.objects[prepared.rejects_key].splitlines()))

    name = again.execution_name
    [then] = rejects(ran.prepared)
    assert rejects(again) == [replace(then, execution_name=name, reject_id=reject_id(name, 1))]
    assert again.rejects_key == f"reports/cars/{name}/rejected_before_upload.jsonl"
    columns = json.loads(chain.s3.objects[f"reports/cars/{name}/columns.json"])
    assert (columns["execution"], columns["run_id"]) == (name, name)


def lose(name: str) -> Callable[[Chain, Prepared], object]:
    return lambda chain, ran: chain.s3.objects.pop(f"reports/cars/{ran.execution_name}/{name}")


def change_kept(**changes: Any) -> Callable[[Chain, Prepared], object]:
    def change(chain: Chain, ran: Prepared) -> None:
        key = prepared_document_key("cars", ran.execution_name)
        chain.s3.objects[key] = json.dumps({**json.loads(chain.s3.objects[key]), **changes}).encode()

    return change


def change_kept_digests(chain: Chain, ran: Prepared) -> None:
    """Let the snapshot be of another file than was prepared."""
    told = ran.to_json()["difference"]
    change_kept(difference={**told, "digests_sha256": "0a"})(chain, ran)


def remember_more_rows(chain: Chain, _: Prepared) -> None:
    chain.s3.objects[mark_key("cars")] = json.dumps({"rows": 100, "run_id": "run", "at": 1.0}).encode()


@pytest.mark.parametrize(
    "doubt",
    [
        lambda chain, ran: chain.s3.objects.pop(ran.file_key),
        lambda chain, ran: chain.s3.objects.pop(ran.rejects_key),
        lambda chain, ran: chain.s3.objects.update({ran.rejects_key: b""}),
        lose("columns.json"),
        lose("prepared.json"),
        change_kept(profile_key="reports/cars/lost.json"),
        change_kept(source_warnings=["The source has 2 rows, and a person let it pass."]),
        change_kept(questions=[{"gate": "gates.last_record", "sentence": "It was asked.", "numbers": {}}]),
        change_kept(made_by=""),
        change_kept(prepared_rows=0),
        change_kept(rejected=0),
        change_kept_digests,
    ],
)
def test_where_anything_of_it_is_in_doubt_the_source_is_read(chain: Chain, doubt: Any) -> None:
    ran = first(chain)
    assert same(chain.prepare(SOURCE, CARS))

    doubt(chain, ran.prepared)

    again = chain.prepare(SOURCE, CARS)
    assert (same(again), counts(again)) == ("", (0, 0, 2, 0, 1))


@pytest.mark.parametrize(
    "dataset",
    [
        replace(CARS, source=replace(CARS.source, short_rows="pad")),
        replace(CARS, source=replace(CARS.source, skip_lines=0, delimiter=",")),
        replace(CARS, policies=Policies(schema=SchemaPolicy(new=OnChange.FAIL))),
        replace(CARS, gates=Gates(max_reject_percent=99.0, tolerated_failure_percent=100.0, min_rows_percent=0.0)),
        replace(CARS, write=Write(WriteMode.CHANGED, unknown_keys=UnknownKeys.IGNORE)),
        # Which rows are too large for a batch is said by a limit.
        replace(CARS, limits=replace(CARS.limits, max_input_bytes_per_batch=CARS.limits.max_input_bytes_per_batch + 1)),
        OTHER_RULES,
    ],
)
def test_other_settings_or_rules_read_it(chain: Chain, dataset: Dataset) -> None:
    first(chain)

    assert same(chain.prepare(SOURCE, dataset)) == ""


def test_other_code_reads_it(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    first(chain)

    monkeypatch.setattr(made_by, "_code_digest", lambda: "of a later version")

    assert same(chain.prepare(SOURCE, CARS)) == ""


def test_another_source_is_read(chain: Chain) -> None:
    first(chain)

    assert counts(chain.prepare(SOURCE + b"d,,2023\r\n", CARS)) == (1, 0, 2, 0, 1)


def test_a_row_that_the_function_rejected_is_tried_again(chain: Chain) -> None:
    source = written([A, B, ("c", "Ulm", "soon")])
    first(chain, source=source)

    again = chain.prepare(source, CARS)

    assert (same(again), counts(again)) == ("", (1, 0, 2, 0, 0))


def test_after_a_rollback_the_source_is_read_since_that_looked_for_no_keys_that_vanished_before(chain: Chain) -> None:
    chain.run(written([A, B]), CARS)
    chain.run(written([A]), CARS)
    chain.run(written([A, C]), CARS)  # the first run that writes beside a key that had vanished
    last = chain.run(written([A, D]), CARS)
    back = chain.take_back(last.prepared, CARS)
    keep_prepared(chain.s3, back.prepared, CARS)  # type: ignore[arg-type]

    again = chain.run(written([A, C]), CARS).prepared

    assert (same(again), counts(again)) == ("", (0, 0, 2, 1, 0))


def test_so_is_one_of_a_batch_that_failed(chain: Chain) -> None:
    source = written([A, B, C, D])
    chain.run(source, CARS, failing=(1,))

    again = chain.prepare(source, CARS)

    assert (same(again), again.rows_to_write) == ("", 1)


def test_a_gate_that_has_something_to_say_now_reads_it(chain: Chain) -> None:
    """The last green run of this source had more rows than the one that wrote."""
    few = replace(CARS, gates=replace(CARS.gates, min_rows_percent=50.0))
    first(chain, few)
    assert same(chain.prepare(SOURCE, few))

    remember_more_rows(chain, chain.prepare(SOURCE, few))

    assert same(chain.prepare(SOURCE, few))  # the chain reads another source than the data set's own
    with pytest.raises(prepare.GateError, match="The source has 3 rows, and the last green run's had 100"):
        chain.prepare(SOURCE, few, source_url=few.source.url)


@pytest.mark.parametrize(("days", "age", "known"), [(None, 900, True), (20, 18, True), (20, 20, False)])
def test_a_file_that_expires_before_the_run_has_ended_is_made_again(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, days: int | None, age: int, known: bool
) -> None:
    dataset = replace(CARS, protection=Protection(keep_source_days=days))
    first(chain, dataset)
    head = chain.s3.head_object
    old = {"LastModified": datetime.now(UTC) - timedelta(days=age)}
    monkeypatch.setattr(chain.s3, "head_object", lambda **asked: {**head(**asked), **old})

    assert bool(same(chain.prepare(SOURCE, dataset))) == known


@pytest.mark.parametrize(("unknown_keys", "known"), [(UnknownKeys.IGNORE, True), (UnknownKeys.KEEP, False)])
def test_items_that_are_still_to_be_deleted_read_it(chain: Chain, unknown_keys: UnknownKeys, known: bool) -> None:
    """A record without a key stops deletions, where the data set does not say that it is no row."""
    write = Write(WriteMode.CHANGED, Vanished.DELETE, max_delete_percent=100.0, unknown_keys=unknown_keys)
    deleting = replace(CARS, write=write)
    first(chain, deleting, written([A, B, ("c", "Bonn", "2022"), D]))
    chain.run(SOURCE, deleting)

    again = chain.prepare(SOURCE, deleting)

    assert bool(same(again)) == known
    assert again.difference is not None
    assert again.difference.vanished == (0 if known else 2)
    assert not known or len(chain.deleted) == 2


def test_what_an_earlier_run_may_have_put_there_reads_it(chain: Chain) -> None:
    """Its items are looked at by a run that deletes, and go on to be told by one that does not."""
    trace = {"key": "reports/cars/red/digests.parquet", "sha256": "0a", "table": chain.identity}
    deleting = replace(CARS, write=Write(WriteMode.CHANGED, Vanished.DELETE, unknown_keys=UnknownKeys.IGNORE))
    for dataset in (CARS, deleting):
        other = Chain(chain.folder)
        first(other, dataset)
        pointer = json.loads(other.s3.objects[pointer_key("cars")])
        other.s3.objects[pointer_key("cars")] = json.dumps({**pointer, "traces": [trace]}).encode()

        assert bool(same(other.prepare(SOURCE, dataset))) == (dataset is CARS)


def test_a_snapshot_that_is_gone_is_made_anew(chain: Chain) -> None:
    ran = first(chain).prepared
    assert ran.difference is not None
    chain.s3.objects.pop(ran.difference.digests_key or "")

    again = chain.prepare(SOURCE, CARS)

    assert again.difference is not None
    assert "is gone, or was changed" in again.difference.why_all


def test_what_a_person_let_pass_is_not_let_pass_again(chain: Chain) -> None:
    strict = replace(CARS, source=replace(CARS.source, guessed_encoding=OnChange.FAIL))
    source = SOURCE.decode().encode("cp1252")
    first_run = chain.run(source, strict, accept_source=True)
    assert first_run.prepared.source_warnings

    with pytest.raises(prepare.GateError, match="is likely and not proven"):
        chain.prepare(source, strict)
    assert same(chain.prepare(source, strict, accept_source=True)) == ""


def test_a_header_that_a_person_is_to_be_asked_about_reads_it(chain: Chain) -> None:
    """The last successful run was one of another source, which had other columns."""
    schema = Policies(schema=SchemaPolicy(reordered=OnChange.FAIL))
    asking = replace(CARS, gates=replace(CARS.gates, gate=GateAction.APPROVE), policies=schema)
    ran = first(chain, asking).prepared
    assert same(chain.prepare(SOURCE, asking))
    last = json.loads(chain.s3.objects[f"reports/cars/{ran.execution_name}/columns.json"])
    chain.s3.objects[memory_key("cars")] = json.dumps({**last, "header": last["header"][::-1]}).encode()

    again = chain.prepare(SOURCE, asking)

    assert (same(again), [question.gate for question in again.questions]) == ("", ["schema"])
