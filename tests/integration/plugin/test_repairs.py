"""What docs/operations.md tells to do where no deploy and no other task is needed: the task, cleared, ends well."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.policies import ForeignPolicy, Policies, Verification, VerifyMode
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.preparation.prepare import Prepared, prepare
from csvdynamo_airflow.reading.source_file import SourceFileError
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.download import Landed, download
from csvdynamo_airflow.source.protocol import SourceUrlError
from tests.integration.plugin.finished_run import FinishedRun, finished_run
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.scripted_server import Answer, local_hosts, serve
from tests.unit.plugin.run_findings import without_snapshot

BODY = b"DOL Vehicle ID,City\n100,Seattle\n101,Bothell\n"


@pytest.fixture
def dataset() -> Dataset:
    return load_dataset(Path(__file__).parents[3] / "datasets" / "ev_population.toml")


@pytest.fixture
def fetch(s3: Any, dataset: Dataset, tmp_path: Path) -> Callable[..., Landed]:
    """Does what the task download does."""

    def fetch(url: str, local: LocalUse, dataset: Dataset = dataset) -> Landed:
        return download(url, dataset=dataset, bucket=BUCKET, s3=s3, run_id="run", local=local, sleep=lambda _: None)

    return fetch


def test_a_place_that_a_run_may_not_read_is_read_once_the_setting_names_it(fetch: Any, tmp_path: Path) -> None:
    with serve(Answer(body=BODY)) as server:
        with pytest.raises(SourceUrlError, match="is plain http"):
            fetch(server.url, LocalUse(None, ()))
        assert server.requests == []
        assert fetch(server.url, LocalUse(None, local_hosts(server.url))).bytes == len(BODY)

    file = tmp_path / "vehicles.csv"
    file.write_bytes(BODY)
    with pytest.raises(SourceUrlError, match="names no folder"):
        fetch(str(file), LocalUse(None, ()))
    assert fetch(str(file), LocalUse(tmp_path, ())).bytes == len(BODY)


def prepared_from(s3: Any, landed: Landed, dataset: Dataset) -> Prepared:
    return prepare(
        landed, dataset, s3=s3, run_id="run", name_execution=lambda _: "ev-population-1", find_base=without_snapshot
    )


def test_a_guess_that_is_wrong_is_overridden_by_the_data_set_file(
    s3: Any, fetch: Any, dataset: Dataset, tmp_path: Path
) -> None:
    """In Cyrillic UTF-16 no NUL tells that it is UTF-16, where no mark does."""
    file = tmp_path / "vehicles.csv"
    file.write_bytes(("DOL Vehicle ID," + "Город" * 20 + "\n100," + "Київ" * 20 + "\n").encode("utf-16-le"))
    with pytest.raises(SourceFileError, match="was taken for binary"):
        fetch(str(file), LocalUse(tmp_path, ()))

    mended = replace(dataset, source=replace(dataset.source, encoding="utf-16"))
    landed = fetch(str(file), LocalUse(tmp_path, ()), mended)
    assert prepared_from(s3, landed, mended).prepared_rows == 1


@pytest.mark.parametrize(
    ("content", "wrong", "told", "settings"),
    [
        (
            "DOL Vehicle ID,City\n1,a,b\n2,b,c\n",
            {},
            "Name every column",
            {"names": ("DOL Vehicle ID", "City", "State")},
        ),
        ("DOL Vehicle ID,City,State\n1,a\n2,b\n", {}, "fewer cells than", {"short_rows": "pad"}),
        ("DOL Vehicle ID,,City\n1,x,a\n2,y,b\n", {}, "has no name", {"nameless": "drop"}),
        ("DOL Vehicle ID,City,City\n1,x,a\n2,y,b\n", {}, "repeats 'City'", {"repeated": "number"}),
        ("Report\nDOL Vehicle ID,City\n1,a\n2,b\n", {"header_at": "VIN"}, "header_at", {"skip_lines": 1}),
        ('DOL Vehicle ID,City\n1,"a\n2,b\n', {}, "BAD_WIDTH|BAD_QUOTE", {"quote": "none"}),
        (b"DOL Vehicle ID,City\n1,\xe8a\n2,b\n", {"guessed_encoding": "fail"}, "not proven", {"encoding": "cp1252"}),
    ],
)
def test_a_source_that_does_not_fit_is_prepared_once_the_data_set_file_says_how_it_is_written(
    s3: Any,
    fetch: Any,
    dataset: Dataset,
    tmp_path: Path,
    content: str | bytes,
    wrong: dict[str, Any],
    told: str,
    settings: dict[str, Any],
) -> None:
    file = tmp_path / "vehicles.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    # Whatever else the data set wants of its columns is another matter.
    loose = replace(dataset, columns=tuple(one for one in dataset.columns if one.header == "DOL Vehicle ID"))
    landed = fetch(str(file), LocalUse(tmp_path, ()))

    with pytest.raises(MigrationError, match=told):
        prepared_from(s3, landed, replace(loose, source=replace(loose.source, **wrong)))

    assert prepared_from(s3, landed, replace(loose, source=replace(loose.source, **settings))).prepared_rows == 2


# items that the file does not make


@pytest.fixture
def run(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FinishedRun]:
    with finished_run(client, tmp_path, monkeypatch) as run:
        yield run


def test_items_that_the_file_does_not_make_are_reported_and_verify_is_cleared(run: FinishedRun) -> None:
    strict = Verification(mode=VerifyMode.FULL, foreign=ForeignPolicy.FAIL)
    run.dataset = replace(run.dataset, policies=replace(run.dataset.policies, verify=strict))
    run.add_item("Z_1")
    [problem] = run.look_again()["problems"]
    assert 'verify.foreign is "fail"' in problem

    run.dataset = replace(run.dataset, policies=Policies())
    assert run.look_again()["problems"] == []
