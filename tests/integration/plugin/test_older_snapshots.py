"""Where a data set keeps the digests of its last green runs alone, those of the runs before are deleted."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.snapshot import Snapshot, Trace
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.snapshots.kept_runs import prepared_document_key
from csvdynamo_airflow.snapshots.older_snapshots import forget_older
from csvdynamo_airflow.snapshots.pointer import Pointer, pointer_key
from tests.integration.plugin.migration_objects import BUCKET
from tests.unit.plugin.run_findings import difference, prepared_file

DIGESTS = "row_digests"


def of(run: str, name: str = DIGESTS) -> str:
    """The key of an object of a run."""
    return f"{reports_prefix('cars', f'cars-{run}')}{name}"


@dataclass
class Runs:
    """Green runs of one data set after another."""

    s3: Any
    last: Prepared | None = None
    snapshot: Snapshot | None = None

    def put(self, *keys: str) -> None:
        for key in keys:
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())

    def green(
        self, run: str, *, digests_of: str = "", traces: tuple[str, ...] = (), writes_all: bool = False
    ) -> Prepared:
        """A run, which looked at what red ones left; one with the digests of another had the very same source."""
        key = of(digests_of or run)
        self.put(of(run, "report.json"), of(run, "unwritten"), *([] if digests_of else [key]), *map(of, traces))
        told = replace(
            difference(new=9),
            digests_key=key,
            before=self.snapshot,
            base=None if writes_all else self.snapshot,
            traces=tuple(Trace(of(trace), "0a", "table") for trace in traces),
        )
        self.last = replace(prepared_file(10, rejected=1, bucket=BUCKET, difference=told), execution_name=f"cars-{run}")
        self.snapshot = Snapshot(key, "0a", of(run, "unwritten"), "0b", "rules", "table", f"cars-{run}", 50.0, 55.0)
        self.keep(prepared_document_key("cars", f"cars-{run}"), self.last)
        self.point(Pointer(self.snapshot))
        return self.last

    def keep(self, key: str, prepared: Prepared) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(prepared.to_json()).encode())

    def point(self, pointer: Pointer) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=pointer_key("cars"), Body=pointer.to_json())

    def forget(self, keep: int) -> None:
        assert self.last is not None
        forget_older(self.s3, "cars", self.last, keep)

    @property
    def digests(self) -> set[str]:
        """The runs whose digests are there, by their versions."""
        versions = self.s3.list_object_versions(Bucket=BUCKET)
        assert not versions.get("DeleteMarkers"), "they are gone for good"
        keys = {one["Key"] for one in versions["Versions"] if one["Key"].endswith(DIGESTS)}
        return {key.split("/")[2].removeprefix("cars-") for key in keys}


@pytest.fixture
def runs(s3: Any) -> Runs:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return Runs(s3)


def test_the_last_runs_keep_theirs_and_nothing_else_goes(runs: Runs) -> None:
    for run in "1234":
        runs.green(run)

    runs.forget(2)

    assert runs.digests == {"3", "4"}
    for run in "1234":
        for name in ("report.json", "unwritten"):
            runs.s3.head_object(Bucket=BUCKET, Key=of(run, name))


def test_what_was_there_before_a_run_that_wrote_all_is_told_as_long_as_that_run(runs: Runs) -> None:
    for run in "0123":
        runs.green(run, writes_all=run in "23")
    runs.green("4")
    runs.green("5")

    runs.forget(3)
    assert runs.digests == {"1", "2", "3", "4", "5"}, "3 tells nothing of what there was, nor does 2"

    runs.forget(2)
    assert runs.digests == {"4", "5"}


def test_every_version_of_one_goes(runs: Runs) -> None:
    for run in "123":
        runs.green(run)
    runs.put(of("1"), of("1"))

    runs.forget(2)

    assert runs.digests == {"2", "3"}


def test_a_data_set_with_few_runs_keeps_all(runs: Runs) -> None:
    for run in "12":
        runs.green(run)

    runs.forget(3)

    assert runs.digests == {"1", "2"}


def test_what_a_kept_run_shares_with_one_before_stays(runs: Runs) -> None:
    runs.green("1")
    runs.green("2", digests_of="1")
    runs.green("3", digests_of="1")

    runs.forget(2)

    assert runs.digests == {"1"}


def test_runs_before_some_that_shared_theirs_are_found(runs: Runs) -> None:
    runs.green("0")
    for run in "123":
        runs.green(run, digests_of="" if run == "1" else "1")
    for run in "45":
        runs.green(run)

    runs.forget(2)

    assert runs.digests == {"4", "5"}


def test_what_red_runs_left_goes_with_the_run_that_looked_at_it(runs: Runs) -> None:
    runs.green("1")
    runs.green("2", traces=("red",))
    runs.green("3", traces=("red", "later"))
    runs.green("4", traces=("newest",))
    runs.forget(2)
    assert runs.digests == {"3", "4", "red", "later", "newest"}, "of red, a kept run still tells"

    runs.green("5")
    runs.forget(2)

    assert runs.digests == {"4", "5", "newest"}


def test_a_red_runs_digests_that_are_gone_keep_none_before_from_going(runs: Runs) -> None:
    runs.green("1")
    runs.green("2", traces=("red",))
    version = runs.s3.head_object(Bucket=BUCKET, Key=of("red"))["VersionId"]
    runs.s3.delete_object(Bucket=BUCKET, Key=of("red"), VersionId=version)
    for run in "34":
        runs.green(run)

    runs.forget(2)

    assert runs.digests == {"3", "4"}


def test_what_may_tell_of_the_table_yet_stays(runs: Runs) -> None:
    runs.green("1", traces=("red",))
    for run in "23":
        runs.green(run)
    assert runs.snapshot is not None
    runs.point(Pointer(runs.snapshot, traces=(Trace(of("red"), "0a", "table"), Trace(of("1"), "0a", "table"))))

    runs.forget(2)

    assert runs.digests == {"1", "2", "3", "red"}


@pytest.mark.parametrize("told", ["nothing", "another run", "who knows"])
def test_nothing_goes_while_the_run_is_not_the_last_word(runs: Runs, told: str) -> None:
    for run in "123":
        runs.green(run)
    assert runs.snapshot is not None
    another = Pointer(replace(runs.snapshot, execution="cars-4"))
    body = {"nothing": Pointer().to_json(), "another run": another.to_json(), "who knows": b"{"}[told]
    runs.s3.put_object(Bucket=BUCKET, Key=pointer_key("cars"), Body=body)

    runs.forget(2)

    assert runs.digests == {"1", "2", "3"}


def test_it_ends_where_what_a_run_prepared_is_not_kept(runs: Runs) -> None:
    for run in "1234":
        runs.green(run)
    runs.s3.put_object(Bucket=BUCKET, Key=prepared_document_key("cars", "cars-2"), Body=b"{}")

    runs.forget(2)

    assert runs.digests == {"1", "3", "4"}, "its own are known by the run after it"
